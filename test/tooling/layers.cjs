/**
 * Who may import whom, as dependency-cruiser rules: cli -> processes -> adapters -> engine -> core, downward only.
 * Run by `npm run layers`.
 */
const nothingAbove = (layer, above) => ({
  name: `${layer}-imports-downward-only`,
  comment: `${layer} may not import ${above.join(", ")}: move the shared piece down, or pass it in through a port.`,
  severity: "error",
  from: { path: `^src/${layer}/` },
  to: { path: `^src/(${above.join("|")})/` },
});

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    nothingAbove("core", ["engine", "adapters", "processes", "cli"]),
    nothingAbove("engine", ["adapters", "processes", "cli"]),
    nothingAbove("adapters", ["processes", "cli"]),
    nothingAbove("processes", ["cli"]),
    {
      name: "core-is-pure",
      comment:
        "core decides from values alone: no Node module, no client. The parser, ajv, re2js and fflate are pure too.",
      severity: "error",
      from: { path: "^src/core/" },
      to: {
        dependencyTypes: ["core", "npm", "npm-dev", "npm-optional"],
        pathNot: "node_modules/(@marcbachmann/cel-js|re2js|ajv|yaml|fflate)/",
      },
    },
    {
      name: "engine-knows-no-client",
      comment:
        "engine reaches the outside through ports. Only the OpenTelemetry API (inert without an SDK) is allowed.",
      severity: "error",
      from: { path: "^src/engine/" },
      to: { dependencyTypes: ["npm", "npm-dev", "npm-optional"], pathNot: "node_modules/@opentelemetry/api/" },
    },
    {
      name: "adapters-stay-apart",
      comment: "An adapter knows one outside system. What two of them need goes into a port or into core.",
      severity: "error",
      from: { path: "^src/adapters/([^/]+)/" },
      to: { path: "^src/adapters/", pathNot: "^src/adapters/$1/" },
    },
    {
      name: "processes-share-only-shared",
      comment: "A process imports processes/shared and its own folder. `dev` is all roles in one process.",
      severity: "error",
      from: { path: "^src/processes/([^/]+)/", pathNot: "^src/processes/dev/" },
      to: { path: "^src/processes/", pathNot: "^src/processes/($1|shared)/" },
    },
    {
      name: "no-cycles",
      comment: "Break the cycle: one of the two knows too much.",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
