import { describe, expect, it } from "vitest";
import type { Node } from "../../../../src/core/cel/node.ts";
import { parseExpression } from "../../../../src/core/cel/parse-expression.ts";
import { Fault, kindOf } from "../../../../src/core/cel/value.ts";

const parse = (text: string) => parseExpression({ text, path: "spec.test" });

/** A tree as Lisp. */
function lisp(node: Node): string {
  const { op, name, value, children, isMethod } = node;
  if (op === "literal") return typeof value === "object" && value !== null ? kindOf(value) : JSON.stringify(value);
  if (op === "name") return name;
  const head = op === "binary" || op === "unary" ? name : op === "call" ? `${isMethod ? "." : ""}${name}` : op;
  return `(${[head, ...(op === "field" ? [name] : []), ...children.map(lisp)].join(" ")})`;
}

describe("parseExpression gives a tree", () => {
  it.each([
    ["a.b[0].c", "(field c (index (field b a) 0))"],
    ["1 + 2 * 3 - 4", "(- (+ 1 (* 2 3)) 4)"],
    ["a && b || c", "(|| (&& a b) c)"],
    ["a ? b : c ? d : e", "(conditional a b (conditional c d e))"],
    ["(a == b) < c", "(< (== a b) c)"],
    ["a == (b in c)", "(== a (in b c))"],
    ["a == b && c < d", "(&& (== a b) (< c d))"],
    ["[a == b, c < d]", "(list (== a b) (< c d))"],
    ["- -1", "(- (- 1))"],
    ["!a.b", "(! (field b a))"],
    ["has(1/0)", "(has (/ 1 0))"],
    ["l.map(x.y, 1)", "(.map l (field y x) 1)"],
    ["f(x).y", "(field y (f x))"],
    [".a.b", "(field b a)"],
    ["namespace.if.package", "(field package (field if namespace))"],
    ["if(1)", "(if 1)"],
    ["{'a': 1, b: 2}", '(map "a" 1 b 2)'],
    ["a // the rest", "a"],
    ["a\n// a line\n+ b", "(+ a b)"],
    ["____0 + 1", "(+ ____0 1)"],
    [".25 + 5.", "(+ 0.25 double)"],
    ["1e3", "double"],
    ["1u", "uint"],
    ['"a\\qb\\n"', '"a\\\\qb\\n"'],
    ["r'a\\n'", '"a\\\\n"'],
    ['"""a\n"b"""', '"a\\n\\"b"'],
    ["'\\u00e9\\x41\\101'", '"éAA"'],
    ['b"é"', "bytes"],
  ])("%s", (text, want) => {
    const tree = parse(text);
    expect(tree).not.toBeInstanceOf(Fault);
    expect(lisp(tree as Node)).toBe(want);
  });

  it("with the range each part has in the text", () => {
    const text = "inputs.a + f( 'x' )";
    const ranges: string[] = [];
    const visit = ({ site, children }: Node) => {
      ranges.push(text.slice(site.start, site.end));
      children.forEach(visit);
    };
    visit(parse(text) as Node);
    expect(ranges).toEqual([text, "inputs.a", "inputs", "f( 'x' )", "'x'"]);
  });
});

describe("parseExpression refuses", () => {
  it.each([
    ["a == b < c", 7, /add parentheses/],
    ["a in b == c", 7, /add parentheses/],
    ["a == b in c", 7, /add parentheses/],
    ["f(a < b != c)", 8, /add parentheses/],
    ["", 0, /no expression/],
    ["  // nothing", 0, /no expression/],
    ["a b", 2, /unexpected 'b'/],
    ["a)", 1, /unexpected '\)'/],
    ["(a", 2, /ends too early/],
    ["1 +", 3, /ends too early/],
    ["a..b", 2, /unexpected/],
    ["f(1,)", 4, /after a comma/],
    ["[1,]", 3, /after a comma/],
    ["1.lower()", 2, /a number ends before a name/],
    ["1_000", 1, /a number ends before a name/],
    ["'abc", 0, /does not end/],
    ["'a\nb'", 2, /a line ends inside/],
    ["a # b", 2, /unexpected character '#'/],
    ["a[?0, 1]", 4, /unexpected/],
    ["f(?a)", 2, /unexpected/],
    ["{a: ?b}", 4, /unexpected/],
    ["Foo{a: 1}", 3, /unexpected/],
    ["1, 2", 1, /unexpected ','/],
  ])("%s", (text, at, message) => {
    const fault = parse(text);
    if (!(fault instanceof Fault)) throw new Error("it was read");
    expect(Fault.code(fault)).toBe("syntax");
    expect(Fault.text(fault)).toMatch(message);
    expect(Fault.site(fault)?.start).toBe(at);
  });
});

describe("parseExpression refuses for its size", () => {
  it.each([
    ["parentheses", "(".repeat(300) + "a" + ")".repeat(300)],
    ["negations", "!".repeat(100_000) + "a"],
    ["a chain of ten thousand terms", Array(10_000).fill("1").join(" + ")],
    ["ten thousand fields", "a" + ".b".repeat(10_000)],
    ["a list of a million items", `[${Array(1_000_000).fill("1").join(",")}]`],
  ])("%s", (_name, text) => {
    const fault = parse(text);
    if (!(fault instanceof Fault)) throw new Error("it was read");
    expect(Fault.code(fault)).toBe("budget");
    expect(Fault.text(fault)).toMatch(/too large or nested too deeply/);
    expect(Fault.site(fault)?.start).toBe(0);
  });

  it("and reads a chain of nine hundred terms and a list of ten thousand items", () => {
    expect(parse(Array(900).fill("1").join(" + "))).not.toBeInstanceOf(Fault);
    expect(parse(`[${Array(10_000).fill("1").join(",")}]`)).not.toBeInstanceOf(Fault);
  });
});
