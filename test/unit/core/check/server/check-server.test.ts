/** Definitions against what a server serves: kinds, plurals, scopes, and the literal fields of an object. */
import { describe, expect, it } from "vitest";
import { checkAgainstServer } from "../../../../../src/core/check/server/check-server.ts";
import type { ServedApis } from "../../../../../src/core/check/server/served-apis.ts";
import type { JsonObject } from "../../../../../src/core/json.ts";
import { definitionOf } from "../../../../../src/core/manifest/definition.ts";
import { readYaml } from "../../../../../src/core/manifest/read-yaml.ts";
import { compileCatalog } from "../../../../../src/core/plan/catalog.ts";

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const gvk = (group: string, version: string, kind: string) => [{ group, version, kind }];

const DOCUMENT: JsonObject = {
  components: {
    schemas: {
      Meta: {
        type: "object",
        properties: { name: { type: "string" }, labels: { type: "object", additionalProperties: { type: "string" } } },
      },
      Spec: {
        type: "object",
        properties: {
          size: { type: "integer", format: "int32" },
          share: { type: "number" },
          isOn: { type: "boolean" },
          policy: { type: "string", enum: ["Always", "Never"] },
          port: { oneOf: [{ type: "integer" }, { type: "string" }] },
          target: { "x-kubernetes-int-or-string": true },
          when: { type: "string", format: "date-time" },
          anything: {},
          nothing: { type: "object" },
          raw: ref("Raw"),
          free: {
            type: "object",
            "x-kubernetes-preserve-unknown-fields": true,
            properties: { a: { type: "integer" } },
          },
          parts: { type: "array", items: { description: "said", allOf: [ref("Part")] } },
          inner: ref("Any"),
          loop: ref("Loop"),
        },
      },
      Part: { type: "object", properties: { name: { type: "string" }, image: { type: "string" } } },
      Any: { type: "object", "x-kubernetes-embedded-resource": true, properties: { spec: { type: "string" } } },
      Loop: ref("Loop"),
      Raw: { type: "object" },
      Thing: {
        type: "object",
        "x-kubernetes-group-version-kind": gvk("t.example.com", "v1", "Thing"),
        properties: {
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { default: {}, allOf: [ref("Meta")] },
          spec: { default: {}, allOf: [ref("Spec")] },
        },
      },
    },
  },
};

const APIS: ServedApis = {
  groupVersions: ["v1", "apps/v1", "t.example.com/v1", "other.example.com/v2"],
  kinds: new Map([
    ["v1", [{ kind: "ConfigMap", plural: "configmaps", namespaced: true }]],
    ["apps/v1", [{ kind: "Deployment", plural: "deployments", namespaced: true }]],
    ["other.example.com/v2", [{ kind: "Region", plural: "regions", namespaced: false }]],
    [
      "t.example.com/v1",
      [
        { kind: "Thing", plural: "things", namespaced: true },
        { kind: "Zone", plural: "zones", namespaced: false },
      ],
    ],
  ]),
  documents: new Map([["t.example.com/v1", DOCUMENT]]),
};

function found(yaml: string, apis = APIS) {
  const sources = readYaml(yaml).documents.flatMap(({ value }) => definitionOf(value, "default") ?? []);
  const findings = checkAgainstServer(compileCatalog(sources, { namespaces: ["default"] }), apis);
  return findings.map(({ rule, path, message, fix, definition }) => ({
    rule,
    path,
    message,
    fix,
    of: definition.name,
  }));
}

const definition = (kind: string, name: string, spec: string) =>
  `---\napiVersion: koreo.dev/v1beta1\nkind: ${kind}\nmetadata: { name: ${name} }\nspec: ${spec}\n`;
const THING = "apiVersion: t.example.com/v1, kind: Thing, name: a, namespace: b";
const thing = (spec: string) =>
  definition("ResourceFunction", "f", `{ apiConfig: { ${THING} }, resource: { spec: ${spec} } }`);

describe("kinds", () => {
  const config = (text: string) =>
    definition("ResourceFunction", "f", `{ apiConfig: { name: a, namespace: b, ${text} }, resource: {} }`);
  it.each([
    {
      text: "apiVersion: apps/v1beta1, kind: Deployment",
      path: "apiVersion",
      fix: "did you mean apps/v1, which has Deployment?",
    },
    { text: "apiVersion: v1, kind: Deployment", path: "kind", fix: "did you mean apps/v1, which has Deployment?" },
    { text: "apiVersion: apps/v1, kind: Deploymnet", path: "kind", fix: "did you mean Deployment?" },
    { text: "apiVersion: t.exmaple.com/v1, kind: Nothing", path: "apiVersion", fix: "did you mean t.example.com/v1?" },
    {
      text: "apiVersion: nowhere.test/v9, kind: Nothing",
      path: "apiVersion",
      fix: "install the CustomResourceDefinition first, or correct the name",
    },
  ])("$text", ({ text, path, fix }) => {
    expect(found(config(text))).toMatchObject([{ rule: "unserved-kind", path: `spec.apiConfig.${path}`, fix }]);
  });

  it.each([
    {
      name: "a template's",
      yaml: definition("ResourceTemplate", "t", "{ template: { apiVersion: v1, kind: ConfigMp } }"),
      path: "spec.template.kind",
    },
    {
      name: "a trigger's",
      yaml: definition("Workflow", "w", "{ crdRef: { apiGroup: t.example.com, version: v1, kind: Thng }, steps: [] }"),
      path: "spec.crdRef.kind",
    },
    {
      name: "a trigger's version",
      yaml: definition("Workflow", "w", "{ crdRef: { apiGroup: t.example.com, version: v2, kind: Thing }, steps: [] }"),
      path: "spec.crdRef.version",
    },
  ])("$name", ({ yaml, path }) => {
    expect(found(yaml)).toMatchObject([{ rule: "unserved-kind", path }]);
  });

  it.each([
    {
      name: "another plural",
      text: "apiVersion: v1, kind: ConfigMap, plural: configmap",
      want: [{ rule: "wrong-plural", path: "spec.apiConfig.plural" }],
    },
    {
      name: "a namespace for what has none",
      text: "apiVersion: t.example.com/v1, kind: Zone",
      want: [{ rule: "wrong-scope", path: "spec.apiConfig.namespace" }],
    },
    {
      name: "no namespace for what needs one",
      text: "apiVersion: v1, kind: ConfigMap, namespaced: false",
      want: [{ rule: "wrong-scope", path: "spec.apiConfig.namespaced" }],
    },
    { name: "all as it is", text: "apiVersion: v1, kind: ConfigMap, plural: configmaps, namespaced: true", want: [] },
  ])("$name", ({ text, want }) => {
    expect(found(config(text))).toMatchObject(want);
  });

  it("of a Workflow that others call, and of other definitions, are nobody's concern", () => {
    const called =
      definition("Workflow", "w", "{ steps: [] }") + definition("ValueFunction", "v", "{ return: { kind: Nothing } }");
    expect(found(called)).toEqual([]);
  });
});

describe("fields", () => {
  it.each([
    { spec: "{ sise: 1 }", path: "sise", rule: "unknown-field", fix: "did you mean size?" },
    { spec: "{ sise: =inputs.size }", path: "sise", rule: "unknown-field", fix: "did you mean size?" },
    {
      spec: "{ parts: [{ name: a }, { iamge: b }] }",
      path: "parts[1].iamge",
      rule: "unknown-field",
      fix: "did you mean image?",
    },
    { spec: "{ inner: { Spec: a } }", path: "inner.Spec", rule: "unknown-field", fix: "did you mean spec?" },
    { spec: "{ size: many }", path: "size", rule: "wrong-value", fix: "give it a whole number" },
    { spec: "{ size: 2147483648 }", path: "size", rule: "wrong-value", fix: "write a smaller number" },
    { spec: "{ size: 1.5 }", path: "size", rule: "wrong-value", fix: "give it a whole number" },
    { spec: "{ isOn: 'yes' }", path: "isOn", rule: "wrong-value", fix: "give it true or false" },
    { spec: "{ policy: Alway }", path: "policy", rule: "wrong-value", fix: "did you mean Always?" },
    { spec: "{ policy: true }", path: "policy", rule: "wrong-value", fix: "put it in quotes" },
    { spec: "{ when: '2026' }", path: "when", rule: "wrong-value", fix: 'write ="2026"' },
    { spec: "{ parts: { name: a } }", path: "parts", rule: "wrong-value", fix: "give it a list" },
    {
      spec: "{ nothing: { a: 1 } }",
      path: "nothing.a",
      rule: "unknown-field",
      fix: "take it out; nothing may stand here",
    },
    { spec: "[]", path: "", rule: "wrong-value", fix: "give it a map" },
    { spec: "{ port: true }", path: "port", rule: "wrong-value", fix: "put it in quotes" },
    { spec: "{ free: { a: b } }", path: "free.a", rule: "wrong-value", fix: "give it a whole number" },
  ])("$spec", ({ spec, path, ...want }) => {
    expect(found(thing(spec))).toMatchObject([
      { ...want, path: path === "" ? "spec.resource.spec" : `spec.resource.spec.${path}` },
    ]);
  });

  it.each([
    "{ size: 1, share: 1, isOn: false, policy: Never, port: 80, target: http, when: now }",
    "{ size: '5', share: 1.5, port: http, target: 80 }",
    "{ size: 2.0 }",
    "{ size: 2147483647, policy: '' }",
    "{ size: =inputs.size, parts: =inputs.parts, isOn: null }",
    "{ nothing: {}, raw: { a: 1 } }",
    "{ anything: { at: [all] }, free: { b: { c: d } }, loop: { a: 1 } }",
    "{ inner: { apiVersion: v1, kind: A, metadata: { x: y }, spec: a } }",
    "{ parts: [{ name: a }, =inputs.part], x-koreo-compare-as-map: { parts: [name] } }",
    "=inputs.spec",
  ])("%s is fine", (spec) => {
    expect(found(thing(spec))).toEqual([]);
  });

  it("of every part that is laid over the object, and of templates, in which nothing is an expression", () => {
    const yaml =
      definition(
        "ResourceTemplate",
        "t",
        "{ template: { apiVersion: t.example.com/v1, kind: Thing, spec: { size: =1 } } }",
      ) +
      definition("ValueFunction", "v", "{ return: { spec: { isOn: 1 } } }") +
      definition(
        "ResourceFunction",
        "f",
        `{ apiConfig: { ${THING} }, resourceTemplateRef: { name: t }, overlays: [{ overlay: { spec: { a: 1 } } }, { overlayRef: { kind: ValueFunction, name: v } }], create: { overlay: { metadata: { labels: { b: 2 } } } } }`,
      );
    expect(found(yaml).map(({ of, path }) => `${of} ${path}`)).toEqual([
      "t spec.template.spec.size",
      "f spec.overlays[0].overlay.spec.a",
      "v spec.return.spec.isOn",
      "f spec.create.overlay.metadata.labels.b",
    ]);
  });

  it("are not looked at where nothing is written, or nothing is known", () => {
    const readonly = definition(
      "ResourceFunction",
      "f",
      `{ apiConfig: { ${THING}, readonly: true }, resource: { spec: { a: 1 } } }`,
    );
    expect(found(readonly)).toEqual([]);
    expect(found(thing("{ a: 1 }"), { ...APIS, documents: new Map() })).toEqual([]);
  });

  it("are told once, also where several functions share what is wrong", () => {
    const user = (name: string) =>
      definition(
        "ResourceFunction",
        name,
        `{ apiConfig: { ${THING} }, resource: {}, overlays: [{ overlayRef: { kind: ValueFunction, name: v } }] }`,
      );
    const yaml = definition("ValueFunction", "v", "{ return: { spec: { isOn: 1 } } }") + user("f") + user("g");
    expect(found(yaml)).toHaveLength(1);
  });
});

describe("the status of a Workflow's triggers", () => {
  const ANY = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  const conditions = { type: "array", items: ANY };
  const withStatus = (status: JsonObject | undefined, group = "t.example.com"): ServedApis => {
    const version = `${group}/v1`;
    const properties = { spec: ANY, ...(status !== undefined && { status }) };
    const schema = { type: "object", "x-kubernetes-group-version-kind": gvk(group, "v1", "Thing"), properties };
    return {
      groupVersions: [version],
      kinds: new Map([[version, [{ kind: "Thing", plural: "things", namespaced: true }]]]),
      documents: new Map([[version, { components: { schemas: { Thing: schema } } }]]),
    };
  };
  const workflow = (group = "t.example.com", steps = "[]") =>
    definition("Workflow", "w", `{ crdRef: { apiGroup: ${group}, version: v1, kind: Thing }, steps: ${steps} }`);
  const stateful = "[{ label: a, skipIf: =true, ref: { kind: ValueFunction, name: v }, state: { a: =value } }]";

  it.each([
    { name: "none", status: undefined, steps: "[]", dropped: "status.conditions, status.koreo" },
    {
      name: "one without members",
      status: { type: "object" },
      steps: "[]",
      dropped: "status.conditions, status.koreo",
    },
    {
      name: "one without room for state",
      status: { type: "object", properties: { conditions, koreo: ANY } },
      steps: stateful,
      dropped: "status.state",
    },
  ])("is dropped where the schema has $name", ({ status, steps, dropped }) => {
    expect(found(workflow("t.example.com", steps), withStatus(status))).toMatchObject([
      {
        rule: "status-dropped",
        path: "spec.crdRef.kind",
        message: `spec.crdRef.kind: the API server drops ${dropped} of t.example.com/v1 Thing`,
      },
    ]);
  });

  it("is kept where any member may stand, or each of ours, and is not ours to write in Kubernetes' own groups", () => {
    expect(found(workflow("t.example.com", stateful), withStatus(ANY))).toEqual([]);
    expect(found(workflow(), withStatus({ type: "object", properties: { conditions, koreo: ANY } }))).toEqual([]);
    expect(found(workflow("apps"), withStatus(undefined, "apps"))).toEqual([]);
  });
});
