/** `spec.sensitive`: which texts are paths, and what is said of the others. */
import { describe, expect, it } from "vitest";
import { FaultList } from "../../../../src/core/plan/fault-list.ts";
import { compileSensitive } from "../../../../src/core/plan/sensitive-paths.ts";

const AT = "prepare:ResourceFunction:keep:spec.sensitive";

function compile(sensitive: readonly string[] | string) {
  const faults = new FaultList();
  return { paths: compileSensitive({ sensitive }, AT, faults), faults };
}

describe("sensitive paths", () => {
  it("are names of map keys, with dots in a name behind a backslash", () => {
    const { paths, faults } = compile(["spec.password", "data", "metadata.annotations.example\\.com/token"]);
    expect(paths).toEqual([["spec", "password"], ["data"], ["metadata", "annotations", "example.com/token"]]);
    expect(faults.faults).toEqual([]);
  });

  it.each([
    { text: "", says: "write the names of map keys" },
    { text: "spec..password", says: "write the names of map keys" },
    { text: ".spec", says: "write the names of map keys" },
    { text: "spec.", says: "write the names of map keys" },
    { text: "spec.users[0].password", says: "no place for elements of lists" },
    { text: "spec.*", says: "no place for elements of lists" },
    { text: "=inputs.path", says: "cannot be an expression" },
    { text: "metadata.name", says: "names the object" },
    { text: "metadata", says: "names the object" },
  ])("'$text' is none: $says", ({ text, says }) => {
    const { paths, faults } = compile(["spec.a", text]);
    expect(paths).toEqual([["spec", "a"]]);
    expect(faults.faults).toMatchObject([{ path: "spec.sensitive[1]" }]);
    expect(faults.outcome).toMatchObject({ kind: "permFail", location: `${AT}[1]` });
    expect(faults.outcome?.message).toContain(says);
  });

  it("must be a list", () => {
    expect(compile("spec.password").faults.outcome).toMatchObject({ kind: "permFail", location: AT });
  });
});
