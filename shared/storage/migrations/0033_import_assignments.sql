-- Whom an import took from an agent, or gave their first one, of those who were in its group before, so that it can be told and undone. Those who
-- joined by it leave the group with it.
create table import_assignment (
    import_id uuid not null references import,
    -- No references: whoever deletes a contact would look through all of this table, and agents are never deleted.
    contact_id uuid not null,
    -- Null: they had none.
    before_agent_id uuid,
    after_agent_id uuid not null,
    primary key (import_id, contact_id)
);
