"""A day of an admin and a shift of an agent, from an empty installation to the figures.

Everything goes through operations of /openapi.json, called by the client that was generated from
it. The contacts' replies are the simulated carrier's (carrier.json). Prints each step, and ends
with an error at the first one that is not as it should be.
"""

import datetime
import json
import sys
import time

from operations import Operations, given

PEOPLE = 40
# One more is saved by the admin, and one signs up by a form.
ALL = PEOPLE + 2
SCRIPT = "Hi {{first_name|there}}, this is {{agent.first_name}}. Will you vote on {{goal.date}}? Reply STOP to opt out"
REMINDER = "Hi {{first_name|there}}, polls are open until 8. Thank you! Reply STOP to opt out"


def say(text):
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}", flush=True)


def until(told, ready):
    """Returns the first answer that is ready; gives up after a minute."""
    for _ in range(300):
        answer = ready()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{told}: not within a minute")


def instant(**later):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**later)).strftime("%Y-%m-%dT%H:%M:%SZ")


def contacts():
    """Returns a file of people, with a second row of one of them and a row that has no phone."""
    rows = [f"Person{n},Number{n},(208) 555-{100 + n:04}" for n in range(PEOPLE)]
    rows += [rows[0].replace("Person0", "Persona"), "Nobody,Atall,not a phone"]
    return "\n".join(["First Name,Last Name,Cell Phone", *rows]).encode()


class Day:
    """The organization and its people."""

    def __init__(self, summary):
        self.url = summary["api_url"]
        self.admin = Operations(self.url, summary["token"])

    def set_up(self):
        """The admin makes an organization, its group and its agents."""
        account = self.admin("get_account")
        assert account.role == "account_admin", account
        made = self.admin("create_organization", body={"name": "Riverside Votes"})
        self.organization = made.id
        settings = {
            "sending_hours": {"opens_minute": 0, "closes_minute": 1440},
            "law_strictness": "off",
            "batch_size": 10,
            "opt_out_text": "You are unsubscribed.",
        }
        kept = self.of("patch_organization", body=settings)
        assert kept.settings.batch_size == 10, kept
        assert self.of("get_caps").tier is not None, "a new brand has the strictest tier (S3)"
        added = self.of("create_number", body={"numbers": ["+12085550001", "+12085550002"]})
        assert (added.added, added.refused) == (2, []), added
        group = {"name": "Boise", "location": "Boise, Idaho", "zone": "America/Boise", "area_code": "208"}
        self.group = self.of("create_group", body=group).id
        say(f"made {self.organization} with a group")

        rows = b"email,first_name,last_name\njoan@riverside.example,Joan,Diaz\nlee@riverside.example,Lee,Park\n"
        for dry_run, outcome in ((True, "would_invite"), (False, "invited")):
            answer = self.of("invite_member", body=rows, dry_run=dry_run).decode()
            assert answer.count(f",{outcome},") == 2, answer
        self.agents = [member for member in self.of("list_members").items if member.role == "agent"]
        assert len(self.agents) == 2, self.agents
        for agent in self.agents:
            self.of("put_group_member", group_id=self.group, member_id=agent.id)
        say("invited two agents by a file")

    def of(self, operation, **arguments):
        """An operation of the organization, as its admin."""
        return self.admin(operation, organization_id=self.organization, **arguments)

    def bring_contacts(self):
        """The admin looks at a file, tries it, and imports it."""
        file = contacts()
        looked = self.of("preview_import", body=file)
        assert [column.field for column in looked.columns] == ["first_name", "last_name", "phone"], looked.columns
        for dry_run in (True, False):
            made = self.of("create_import", body=file, file_name="boise.csv", group_id=self.group, dry_run=dry_run)
            done = until("the import", lambda: self.finished(made.id))
            counts = (done.rows_read, done.created, done.merged, done.rejected)
            assert counts == (PEOPLE + 2, PEOPLE, 1, 1), counts
        page = self.of("list_contacts", group_id=self.group, limit=5)
        assert len(page.items) == 5 and given(page.next_) is not None, page
        say(f"imported {PEOPLE} contacts, one row merged, one rejected")

    def bring_more(self):
        """A contact saved by hand, one that signs up by a form, and a tag for all of them."""
        ida = {"phone": "(208) 555-0900", "group_id": str(self.group), "first_name": "Ida", "consent_text": "on the phone"}
        outcomes = [self.of("post_contacts", body=ida).outcome for _ in range(2)]
        assert outcomes == ["created", "unchanged"], outcomes
        form = {"group_id": str(self.group), "title": "Join us", "consent_text": "I agree to get texts"}
        made = self.of("create_form", body=form).id
        key = self.of("get_form", form_id=made).url.rsplit("/", 1)[-1]
        nobody = Operations(self.url)
        assert nobody("get_sign_up", form_key=key).title == "Join us"
        nobody("submit_sign_up", form_key=key, body={"phone": "208-555-0901", "agrees": True})
        asked = self.of("create_bulk_change", body={"action": "tag", "tag": "voter", "filter": {"group_id": str(self.group)}})
        done = until("the tags", lambda: self.changed(asked.id))
        assert done.contacts == ALL, done
        keen = {"kind": "add_tag", "tag": "keen"}
        rule = {"name": "Keen", "keywords": ["count on me"], "matching": "contains", "actions": [keen]}
        self.of("create_automation", body=rule)
        say(f"saved one by hand, signed one up by a form, tagged all {ALL}")

    def changed(self, change_id):
        told = self.of("get_bulk_change", bulk_change_id=change_id)
        assert told.state not in ("failed", "cancelled"), told
        return told if told.state == "succeeded" else None

    def finished(self, import_id):
        told = self.of("get_import", import_id=import_id)
        assert told.state not in ("failed", "cancelled"), told
        return told if told.state == "succeeded" else None

    def launch(self):
        """The admin writes a goal, looks at whom it reaches, and launches it."""
        closes = instant(days=2)
        goal = {
            "name": "Vote plan",
            "goal_type": "turnout",
            "date": closes,
            "instructions": "Be kind",
            "script": SCRIPT,
            "opens": instant(minutes=-1),
            "closes": closes,
            "targeting": {"tags_all": ["voter"]},
            "reminder": {"script": REMINDER, "opens": instant(minutes=-1), "closes": closes},
        }
        unkind = {"group_id": str(self.group), "goal": {**goal, "script": "Hi {{nobody}}"}}
        self.admin.refuses(422, "create_goal", organization_id=self.organization, body=unkind)
        self.goal = self.of("create_goal", body={"group_id": str(self.group), "goal": goal}).id
        preview = self.of("get_goal_preview", goal_id=self.goal)
        assert preview.contacts == ALL, preview
        forecast = self.of("get_goal_forecast", goal_id=self.goal)
        assert forecast.reached == ALL, forecast
        self.of("launch_goal", goal_id=self.goal)
        say(f"launched a goal that reaches {preview.contacts} contacts with {preview.segments} segments")

    def token_of(self, agent):
        token = self.of("create_member_token", member_id=agent.id, body={"name": "shift"})
        return Operations(self.url, token.token)

    def shift(self):
        """The agents text everybody, answer everybody, and remind those with a yes."""
        agents = [self.token_of(agent) for agent in self.agents]
        until("a batch in the home", lambda: self.at_home(agents[0]))
        texted = 0
        while texted < ALL:
            for agent in agents:
                batch = self.claimed(agent, "initial")
                texted += 0 if batch is None else self.send(agent, batch)
            time.sleep(0.1)
        say(f"texted {texted} contacts in batches of 10")
        until("the texts", lambda: self.figures().messages.additional_properties.get("initial.delivered") == ALL)
        until("the replies", lambda: self.figures().replied >= PEOPLE // 2)
        yeses = self.answer(agents)
        reminded = until("the reminders", lambda: self.remind(agents, yeses))
        mine = agents[0]("list_agent_threads").items
        assert mine and all(thread.agent_id is not None for thread in mine), mine
        say(f"answered all replies, {yeses} of them a yes, and reminded {reminded}")

    def at_home(self, agent):
        """Returns the goal in an agent's home once there is something to do."""
        goals = agent("get_agent_home").goals
        assert [goal.id for goal in goals] == [self.goal], goals
        return given(goals[0].initial.can) == "claim" and goals[0]

    def claimed(self, agent, workflow):
        answer = agent("claim_agent_goal", goal_id=self.goal, body={"workflow": workflow})
        return given(answer.batch)

    def send(self, agent, batch):
        assert batch.instructions == "Be kind", batch
        return agent("send_agent_batch", batch_id=batch.id, body={"lease_token": batch.lease_token}).queued

    def answer(self, agents):
        yeses = 0
        quiet = 0
        while quiet < 10:
            held = [(agent, held) for agent in agents for held in agent("claim_agent_group_reply", group_id=self.group)]
            quiet = 0 if held else quiet + 1
            for agent, conversation in held:
                said = conversation.messages[-1].body
                word = "yes" if "Yes" in said else "no"
                yeses += word == "yes"
                agent("put_agent_thread_answer", thread_id=conversation.thread.id, body={"answer": word})
                agent("reply_agent_thread", thread_id=conversation.thread.id, body={"text": "Thank you!"})
            time.sleep(0.1)
        return yeses

    def remind(self, agents, yeses):
        for agent in agents:
            batch = self.claimed(agent, "reminder")
            if batch is not None:
                self.send(agent, batch)
        reminded = self.figures().reminded
        return reminded if reminded == yeses else None

    def figures(self):
        return self.of("get_goal_stats", goal_id=self.goal)

    def look_back(self):
        """The admin reads the figures and conversations, and ends the day."""
        figures = self.figures()
        assert (figures.targeted, figures.messaged) == (ALL, ALL), figures
        assert figures.opted_out > 0, "the carrier's contacts say STOP now and then"
        self.admin.refuses(404, "get_goal_stats", organization_id=self.organization, goal_id=self.group)
        threads = self.of("list_conversations", group_id=self.group).items
        assert threads, "an admin reads conversations (W7)"
        stopped = next(thread for thread in threads if thread.opted_out)
        why = self.of("get_contact_why", contact_id=stopped.contact_id, goal_id=self.goal)
        assert why.texted, why
        opted_out = self.of("list_opt_outs").items
        assert len(opted_out) == figures.opted_out and opted_out[0].origin == "text", opted_out
        keen = self.of("list_contacts", tag="keen").items
        assert len(keen) > 0, "the automation has tagged them (I4)"
        today = datetime.date.today()
        days = self.of("get_calendar", from_=today, to=today + datetime.timedelta(days=7))
        assert self.goal in [entry.goal_id for entry in days.entries], days
        self.of("close_goal", goal_id=self.goal)
        assert self.of("get_goal", goal_id=self.goal).status == "completed"
        say(f"closed the goal: {figures.replied} replied, {figures.opted_out} opted out, {figures.segments} segments")

    def play(self):
        self.set_up()
        self.bring_contacts()
        self.bring_more()
        self.launch()
        self.shift()
        self.look_back()
        say(f"the day is over, by {len(Operations.used)} operations of {len(Operations.MODULES)}")


BEGAN = time.monotonic()
Day(json.loads(sys.argv[1])).play()
