/** Lint rules: typescript-eslint's strict type-checked set, exhaustive switches, documented public names, core kept pure. */
import { defineConfig } from "eslint/config";
import jsdoc from "eslint-plugin-jsdoc";
import tseslint from "typescript-eslint";

const root = new URL("../..", import.meta.url).pathname;

const SPREAD_LITERAL = {
  selector: "ObjectExpression > SpreadElement > ObjectExpression",
  message: "write its members where they belong",
};
/** One way to keep a member private, which holds at run time as well; a constructor has no other. */
const PRIVATE_KEYWORD = {
  selector: ":matches(PropertyDefinition, MethodDefinition[kind!='constructor'])[accessibility='private']",
  message: "write #name",
};

export default defineConfig(
  { ignores: ["**/*.mjs", "**/*.cjs"] },
  {
    basePath: root,
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { jsdoc },
    languageOptions: { parserOptions: { project: [`${root}/tsconfig.json`], tsconfigRootDir: root } },
    rules: {
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/no-invalid-void-type": "off",
      "no-empty": ["error", { allowEmptyCatch: false }],
      "jsdoc/check-param-names": ["error", { disableMissingParamChecks: true, checkDestructured: false }],
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-duplicate-imports": "error",
      "no-restricted-syntax": ["error", SPREAD_LITERAL],
    },
  },
  {
    basePath: root,
    files: ["src/**/*.ts"],
    rules: {
      "no-restricted-syntax": ["error", SPREAD_LITERAL, PRIVATE_KEYWORD],
    },
  },
  {
    basePath: root,
    files: ["src/core/**/*.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        "process",
        "setTimeout",
        "setInterval",
        "setImmediate",
        "fetch",
        "performance",
        "queueMicrotask",
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now" },
        { object: "Math", property: "random" },
      ],
      "no-restricted-syntax": [
        "error",
        SPREAD_LITERAL,
        PRIVATE_KEYWORD,
        { selector: ":function[async=true]", message: "core is synchronous: the engine awaits, core decides" },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: "core has no clock: pass the time in",
        },
      ],
    },
  },
  {
    basePath: root,
    files: ["test/**/*.ts", "loadtest/**/*.ts"],
    rules: {
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off",
    },
  },
);
