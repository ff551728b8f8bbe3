-- The latest word of a contact stands, in whatever order texts are handled (rule I3a). Texts are numbered as they are recorded, in the api's transaction; what
-- admins, files and carriers say of a contact takes its number from the same sequence when it is written.
create sequence receive_order;
alter table webhook
    add receive_order bigint not null default nextval('receive_order'),
    -- What came of the text: `conversation`, or why it is in none.
    add outcome text;
create index webhook_outcome on webhook (received_at) where outcome <> 'conversation';

-- The number of the word that the contact stands by.
alter table contact add last_word bigint;

create function number_a_word() returns trigger language plpgsql as $$
begin
    new.last_word := nextval('receive_order');
    return new;
end
$$;
-- What opts somebody out or in without saying by which word does so now.
create trigger contact_word before update of opted_out_at on contact for each row
    when (new.opted_out_at is distinct from old.opted_out_at and new.last_word is not distinct from old.last_word)
    execute function number_a_word();
create trigger contact_first_word before insert on contact for each row
    when (new.opted_out_at is not null and new.last_word is null)
    execute function number_a_word();

-- Pictures and the like of a text that came in, as [{"content_type", "url"}], and its channel where it is not plain texts. Redaction takes the addresses away.
alter table message
    add media jsonb,
    add channel text;

-- Replies of agents in one conversation in an hour.
alter table organization
    add replies_per_hour int not null default 30 check (replies_per_hour between 1 and 1000);

-- A goal's text into a conversation that somebody holds changes nothing there until the claim ends (rule W3): the goal and the agent that it is from then on.
alter table thread
    add next_goal_id uuid references goal,
    add next_agent_id uuid references member;
