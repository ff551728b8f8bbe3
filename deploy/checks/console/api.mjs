// The API as an account admin uses it, to set the stage for a story.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { until } from "./browser.mjs";

let numbers = 0;

export class Api {
  constructor(url, token, simulator) {
    Object.assign(this, { url, token, simulator });
  }

  async ask(method, path, body, type = "application/json") {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": type, "idempotency-key": randomUUID() };
    if (method === "GET") delete headers["idempotency-key"];
    const sent = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${this.url}${path}`, { method, headers, body: sent });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  get(path) {
    return this.ask("GET", path);
  }

  post(path, body) {
    return this.ask("POST", path, body);
  }

  /** Makes an organization in which texts go at any hour, with a group. */
  async organization(name, settings = {}) {
    const { id } = await this.post("/v1/organizations", { name });
    const organization = new Organization(this, id);
    await this.ask("PATCH", organization.path, {
      sending_hours: { opens_minute: 0, closes_minute: 1440 },
      law_strictness: "off",
      recipient_safe: false,
      number_segments_per_minute: 60_000,
      ...settings,
    });
    await this.ask("PUT", organization.at("caps"), { daily_segments: null });
    const group = { name: "Boise", location: "Boise, Idaho", zone: "America/Boise", area_code: "208" };
    organization.group = (await this.post(organization.at("groups"), group)).id;
    return organization;
  }

  /** Lets a contact text one of our numbers. */
  async inbound(from, to, body) {
    const response = await fetch(`${this.simulator}/_sim/inbound`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ from, to, body }),
    });
    assert.ok(response.ok, `inbound: ${response.status} ${await response.text()}`);
  }
}

export class Organization {
  constructor(api, id) {
    Object.assign(this, { api, id, path: `/v1/organizations/${id}` });
  }

  at(rest) {
    return `${this.path}/${rest}`;
  }

  /** Makes a member with an address. */
  async member(role, email, firstName) {
    const body = { role, first_name: firstName, last_name: "Diaz", email };
    return (await this.api.post(this.at("members"), body)).id;
  }

  /** Makes an agent of the group; returns the number that they text from. */
  async agent(email, firstName) {
    const id = await this.member("agent", email, firstName);
    numbers += 1;
    await this.api.post(this.at("numbers"), { numbers: [`+1208555${String(numbers).padStart(4, "0")}`] });
    return (await this.api.ask("PUT", this.at(`groups/${this.group}/members/${id}`))).sender_number;
  }

  /** Imports contacts, rows of first name, last name and phone. */
  async contacts(rows) {
    const file = ["first,last,phone", ...rows].join("\n");
    const path = this.at(`imports?file_name=people.csv&group_id=${this.group}`);
    const { id } = await this.api.ask("POST", path, file, "text/csv");
    await until("the import", async () => (await this.api.get(this.at(`imports/${id}`))).state === "succeeded");
  }

  /** Launches a goal that is open, and waits until an agent can begin. */
  async goal(more = {}) {
    const at = (minutes) => new Date(Date.now() + minutes * 60_000).toISOString();
    const goal = {
      name: "Vote plan",
      goal_type: "turnout",
      date: at(2880),
      instructions: "Be kind, and stop when somebody says so.",
      script: "Hi {{first_name|there}}, this is {{agent.first_name}}. Will you vote? Reply STOP to opt out",
      opens: at(-1),
      closes: at(2880),
      responses: [
        { name: "Where", script: "Your polling place is the school, {{first_name|friend}}." },
        { name: "When", script: "From 8 to 8." },
      ],
      ...more,
    };
    const { id } = await this.api.post(this.at("goals"), { group_id: this.group, goal });
    await this.api.post(this.at(`goals/${id}/launch`));
    await until("the launch", async () => (await this.api.get(this.at(`goals/${id}/stats`))).batched > 0);
    return id;
  }

  stats(goal) {
    return this.api.get(this.at(`goals/${goal}/stats`));
  }
}
