/** The description: valid, complete, and what the routes really ask for. */
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memberAt, textMember, type JsonObject } from "../../../../src/core/json.ts";
import { ApiClient } from "../../../support/api-client.ts";
import { startFakeApi, type FakeApi } from "../../../support/api-fakes.ts";

let api: FakeApi;
let client: ApiClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await ApiClient.open(api.url);
});
afterAll(() => api.server.close());

const operations = () =>
  Object.entries(memberAt(client.document, ["paths"]) as JsonObject).map(([path, item]) => ({
    path,
    operation: memberAt(item, ["get"]) as JsonObject,
  }));

describe("the OpenAPI document", () => {
  it("is OpenAPI 3.1, by somebody else's judgement", async () => {
    const validator = new Validator();
    const result = await validator.validate(structuredClone(client.document));
    expect(result).toMatchObject({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("would be refused if it were not", async () => {
    const wrong = structuredClone(client.document) as any;
    delete wrong.info.title;
    expect(await new Validator().validate(wrong)).toMatchObject({ valid: false });
  });

  it("names every operation once, and every part of a path", () => {
    const ids = operations().map(({ operation }) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations()) {
      const parameters = operation["parameters"] as readonly JsonObject[];
      const inPath = parameters.filter((each) => each["in"] === "path").map((each) => `{${textMember(each, "name")}}`);
      expect(inPath.sort()).toEqual((path.match(/\{\w+\}/g) ?? []).sort());
      for (const each of parameters) expect(each["description"], `${path} ${textMember(each, "name")}`).not.toBe("");
    }
  });

  it("refers to what it has, and has what it refers to", () => {
    const text = JSON.stringify(client.document);
    const used = new Set([...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name));
    const schemas = Object.keys(memberAt(client.document, ["components", "schemas"]) as JsonObject);
    expect([...used].sort()).toEqual(schemas.sort());
  });

  it("is told in full by docs/api.md", () => {
    const page = readFileSync(new URL("../../../../docs/api.md", import.meta.url), "utf8");
    const told = [...page.matchAll(/^\| `GET (\/\S*)` /gm)].map(([, path]) => path);
    expect(told).toEqual(operations().map(({ path }) => path));
  });

  it.each([
    "/definitions",
    "/definitions/Workflow/defs/none",
    "/queue",
    "/queue/keys",
    "/watchers",
    "/instances/a/B/c/d",
    "/none",
  ])("describes what %s answers without a cluster", async (path) => {
    await client.get(path); // throws where it does not
  });
});
