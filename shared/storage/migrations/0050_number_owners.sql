-- Who a number belongs to (rules A3 and A5): one account of the installation. The operator arranges it; as long as they have arranged none, an account has the
-- numbers that it was first to name. A number of nobody, or of another account, cannot be added, and a text to it lands with nobody else.
create table number_owner (
    e164 text primary key check (e164 ~ '^\+1[2-9][0-9]{2}[2-9][0-9]{6}$'),
    account_id uuid not null references account,
    arranged_by_operator boolean not null,
    since timestamptz not null default clock_timestamp()
);
create index number_owner_account on number_owner (account_id);
create index number_owner_arranged on number_owner (e164) where arranged_by_operator;
insert into number_owner (e164, account_id, arranged_by_operator)
select n.e164, o.account_id, false from sender_number n join organization o on o.id = n.organization_id;

-- Conversations keep the number that they were held from, also when it is somebody else's by now.
alter table thread drop constraint thread_sender_e164_fkey;
