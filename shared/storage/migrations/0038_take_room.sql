-- What a hand-over does under the locks of its brand's lanes and ledgers, in one go: all workers of a brand wait for each other here, so that every trip
-- between worker and database while a lock is held would be a trip for each of them.
--
-- Takes the time of texts in lanes, and their segments in the ledgers of a day, if there is room for all; answers whether there was. If not, the caller
-- takes its transaction back. Lanes go before ledgers, each in the order of their keys, as everywhere.
create function take_room(
    for_brand uuid, on_day date, instant timestamptz, horizon_us bigint,
    lanes text[], takes_us bigint[], paces bigint[],
    carriers text[], amounts bigint[]
) returns boolean language plpgsql as $$
declare
    us constant interval = interval '1 microsecond';
    done bigint;
    -- Lanes are taken when they are had: whoever has waited for them long takes none of the time that has gone by.
    taken timestamptz;
begin
    if cardinality(lanes) > 0 then
        perform from rate_lane where key = any (lanes) order by key for no key update;
        taken := greatest(instant, clock_timestamp());
        update rate_lane l set free_at = greatest(l.free_at, taken) + n.takes * us, segments_per_minute = n.pace
        from unnest(lanes, takes_us, paces) as n (key, takes, pace)
        where l.key = n.key and l.waiting_segments = 0 and greatest(l.free_at, taken) + n.takes * us <= taken + horizon_us * us;
        get diagnostics done = row_count;
        if done < cardinality(lanes) then
            return false;
        end if;
    end if;
    if cardinality(carriers) > 0 then
        perform from cap_ledger where brand_id = for_brand and day = on_day and carrier = any (carriers) order by carrier for no key update;
        update cap_ledger l set reserved = l.reserved + s.amount, daily_limit = b.daily_segments
        from unnest(carriers, amounts) as s (carrier, amount)
        join brand_cap b on b.brand_id = for_brand and b.carrier = s.carrier
        where l.brand_id = for_brand and l.day = on_day and l.carrier = s.carrier and l.reserved + l.settled + s.amount <= b.daily_segments;
        get diagnostics done = row_count;
        if done < cardinality(carriers) then
            return false;
        end if;
    end if;
    return true;
end
$$;
