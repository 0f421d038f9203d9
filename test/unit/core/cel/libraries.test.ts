/** The edges of the extension libraries. What each function does in the middle, its example says (`functions.test.ts`). */
import { describe, expect, it } from "vitest";
import { Fault } from "../../../../src/core/cel/value.ts";
import { program, run } from "./run.ts";

const NO_OVERLOAD = "fault: no_overload";
const FAILED = "fault: function";

const rows = (title: string, table: readonly (readonly [string, unknown])[]) => {
  describe(title, () => {
    it.each(table)("%s", (text, want) => {
      expect(run(text)).toEqual(want);
    });
  });
};

rows("lists", [
  ["[].min()", FAILED],
  ["[].max()", FAILED],
  ["[1, 'a'].max()", NO_OVERLOAD],
  ["[1, 'a'].sort()", NO_OVERLOAD],
  ["[{'a': 1}].sort()", [{ a: 1 }]],
  ["[nowhere].sort()", "fault: undeclared"],
  ["[{'n': 2}, {'n': 1}].sortBy(x, x.n)", [{ n: 1 }, { n: 2 }]],
  ["[1.5, 2].sum()", 3.5],
  ["['a', 'b'].sum()", NO_OVERLOAD],
  ["[duration('1s'), duration('2s')].sum()", "3s"],
  ["[[1], [1], {'a': 1}, {'a': 1}, 1, 1u].distinct()", [[1], { a: 1 }, 1]],
  ["[].isSorted()", true],
  ["[1, 2, 3].slice(2, 1)", FAILED],
  ["[1, 2, 3].slice(0, 4)", FAILED],
  ["[1, 2, 3].slice(3, 3)", []],
  ["lists.range(-1)", []],
  ["[1, [2, [3]]].flatten(0)", [1, [2, [3]]]],
  ["[1].flatten(-1)", FAILED],
  ["[].first().hasValue()", false],
  ["'abc'.reverse()", "cba"],
  ["5.reverse()", "fault: syntax"],
]);

rows("strings", [
  ["'a😀b'.substring(1, 2)", "😀"],
  ["'a😀b'.charAt(1)", "😀"],
  ["'a😀b'.indexOf('b')", 2],
  ["'abc'.substring(4)", FAILED],
  ["'abc'.substring(2, 1)", FAILED],
  ["'abc'.indexOf('')", 0],
  ["['a', 1].join()", NO_OVERLOAD],
  ["'%s and %d'.format(['a', 2])", "a and 2"],
  ["'%.2f'.format([2.675])", "2.67"],
  ["'%s'.format([])", FAILED],
  ["'%z'.format([1])", FAILED],
  ["'%s'.format([quantity('1Gi')])", "1Gi"],
  ["'\\u00a0a '.trim()", "a"],
]);

rows("math and sets", [
  ["math.greatest([])", FAILED],
  ["math.greatest('a', 1)", NO_OVERLOAD],
  ["math.abs(-9223372036854775808)", "fault: overflow"],
  ["math.ceil(1)", NO_OVERLOAD],
  ["math.sqrt(-1) == math.sqrt(-1)", false],
  ["math.bitShiftLeft(1, -1)", FAILED],
  ["math.bitAnd(1, 1u)", NO_OVERLOAD],
  ["sets.contains([1], [])", true],
  ["sets.intersects([], [])", false],
  ["sets.equivalent([1, 1.0, 1u], [1])", true],
]);

rows("optionals", [
  ["{'a': {'b': 1}}.?a.?b.orValue(2)", 1],
  ["{}.?a.b.?c.orValue(2)", 2],
  ["[1, 2][?5].orValue(0)", 0],
  ["[?{'a': 1}.?a, ?{}.?a]", [1]],
  ["{?'a': {}.?x, 'b': 1}", { b: 1 }],
  ["{'a': 2}.?a.optMap(x, x * 2).orValue(0)", 4],
  ["{'a': [2]}.?a.optFlatMap(x, x[?0]).value()", 2],
  ["optional.none().value()", FAILED],
  ["'a'.?b", "fault: no_field_selection"],
  ["5.0.orValue(1)", NO_OVERLOAD],
  ["optional.of(1)", "fault: not_a_value"],
]);

rows("two variables, bind", [
  ["['a', 'b'].transformList(i, v, string(i) + v)", ["0a", "1b"]],
  ["{'a': 1, 'b': 2}.transformMap(k, v, v > 1, k + string(v))", { b: "b2" }],
  ["{'a': 1}.transformMapEntry(k, v, {string(v): k})", { "1": "a" }],
  ["[1, 2].transformMapEntry(i, v, {'same': v})", "fault: duplicate_key"],
  ["[1, 2].all(i, v, v == i + 1)", true],
  ["{'a': 1}.exists(k, v, k == 'a' && v == 1)", true],
  ["[3, 3].existsOne(i, v, v == 3)", false],
  ["[1].all(x, x, true)", "fault: macro_arguments"],
  ["cel.bind(x, 2, x * x)", 4],
  ["cel.bind(x, nowhere, 1)", 1],
]);

rows("regex and encoders", [
  ["'abc'.find('(')", FAILED],
  ["'a1b22'.findAll('[0-9]+', 0)", []],
  ["'ab'.findAll('x*')", ["", "", ""]],
  ["regex.extract('ab', '(a)(b)')", FAILED],
  ["regex.replace('ab', '(a)', '\\\\2')", FAILED],
  ["regex.replace('aaa', 'a', 'b', 2)", "bba"],
  ["base64.decode('?')", FAILED],
  ["base64.encode('a')", NO_OVERLOAD],
]);

rows("url", [
  ["url('../docs')", FAILED],
  ["url('')", FAILED],
  ["url('https://a b/')", FAILED],
  ["url('https://koreo.dev/%zz')", FAILED],
  ["url('https://user:pass@koreo.dev/').getHost()", "koreo.dev"],
  ["url('https://[::1/').getHost()", FAILED],
  ["url('https://koreo.dev').getEscapedPath()", ""],
  ["url('https://koreo.dev').getPort()", ""],
  ["url('/only/path?x').getHost()", ""],
  ["url('/?a=%41&b&=c&d=%zz').getQuery()", { a: ["A"], b: [""], "": ["c"] }],
  ["url('/x?').getQuery()", {}],
  ["url('HTTP://koreo.dev/A?B').getScheme()", "http"],
  ["url('/a') == url('/a')", true],
  ["url('/a') == '/a'", false],
  ["isURL(1)", NO_OVERLOAD],
  ["string(type(url('/a')) == type(ip('::1')))", "False"],
]);

rows("ip and cidr", [
  ["ip('1.2.3')", FAILED],
  ["ip('1.2.3.256')", FAILED],
  ["ip('::ffff:1.2.3.4')", FAILED],
  ["ip('fe80::1%eth0')", FAILED],
  ["ip('1::2::3')", FAILED],
  ["ip('64:ff9b::1.2.3.4')", "64:ff9b::102:304"],
  ["ip('0:0:1:0:0:0:0:1')", "0:0:1::1"],
  ["ip('1:0:2:3:4:5:6:7')", "1:0:2:3:4:5:6:7"],
  ["ip('1:2:3:4:5:6:7::')", "1:2:3:4:5:6:7:0"],
  ["ip('1:2:3:4:5:6:7:8::')", FAILED],
  ["ip('::')", "::"],
  ["ip('::1') == ip('0::1')", true],
  ["ip('255.255.255.255').isGlobalUnicast()", false],
  ["ip('ff12::1').isLinkLocalMulticast()", true],
  ["ip('ff05::1').isLinkLocalMulticast()", false],
  ["ip.isCanonical('x')", FAILED],
  ["ip(5)", NO_OVERLOAD],
  ["cidr('10.0.0.0/08')", FAILED],
  ["cidr('10.0.0.0')", FAILED],
  ["cidr('::/129')", FAILED],
  ["cidr('10.1.2.3/8')", "10.1.2.3/8"],
  ["cidr('10.1.2.3/8') == cidr('10.0.0.0/8')", false],
  ["cidr('0.0.0.0/0').containsIP('255.1.2.3')", true],
  ["cidr('10.0.0.0/8').containsIP('nothing')", FAILED],
  ["cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')", false],
  ["cidr('::/0').containsCIDR('10.0.0.0/8')", false],
  ["cidr('10.0.0.0/8').containsIP(cidr('10.0.0.0/8'))", NO_OVERLOAD],
]);

rows("quantity", [
  ["quantity('')", FAILED],
  ["quantity('.')", FAILED],
  ["quantity('1.5')", "1500m"],
  ["quantity('1000')", "1k"],
  ["quantity('1024Ki')", "1Mi"],
  ["quantity('1023Ki')", "1023Ki"],
  ["quantity('0.5Gi')", "512Mi"],
  ["quantity('512')", "512"],
  ["quantity('1.2Ki')", "1228800m"],
  ["quantity('1e3')", "1e3"],
  ["quantity('-0.1n')", "-1n"],
  ["quantity('0')", "0"],
  ["quantity('1E')", "1E"],
  ["quantity('1e30').asInteger()", "fault: overflow"],
  ["quantity('1e61')", FAILED],
  ["quantity('9999999999Ei')", "9223372036854775807"],
  ["quantity('1.5').asInteger()", FAILED],
  ["quantity('1Gi').add(quantity('1G'))", "2073741824"],
  ["quantity('1Ki') == quantity('1024')", true],
  ["quantity('1').add('1')", NO_OVERLOAD],
  ["[quantity('1'), quantity('1000m')].distinct().size()", 1],
  ["{'memory': quantity('1.5Gi')}", { memory: "1536Mi" }],
  ["quantity('9223372036854775807').asInteger() == 9223372036854775807", true],
]);

rows("format", [
  ["format.named('labelValue').value().validate('').hasValue()", false],
  ["format.dns1123Label().validate('a'.replace('a', 'aaaaaaaa').replace('a', 'aaaaaaaa')).value().size()", 1],
  ["format.dns1123LabelPrefix().validate('a-').hasValue()", false],
  ["format.dns1123SubdomainPrefix().validate('a.b-').hasValue()", false],
  ["format.dns1035LabelPrefix().validate('1-').hasValue()", true],
  ["format.dns1123Subdomain().validate('a.b-c.d').hasValue()", false],
  ["format.dns1123Subdomain().validate('a..b').hasValue()", true],
  ["format.dns1035Label().validate('1a').hasValue()", true],
  ["format.qualifiedName().validate('koreo.dev/Name_1').hasValue()", false],
  ["format.qualifiedName().validate('A/-').value().size()", 2],
  ["format.qualifiedName().validate('a/b/c').value().size()", 1],
  ["format.labelValue().validate('-a').hasValue()", true],
  ["format.uri().validate('x').hasValue()", true],
  ["format.uuid().validate('0b9c0e0a-6a0e-4ed1-9b0c-2f6f1f3b9d5e').hasValue()", false],
  ["format.uuid().validate('0b9c').hasValue()", true],
  ["format.byte().validate('YQ==').hasValue()", false],
  ["format.byte().validate('?').hasValue()", true],
  ["format.date().validate('2024-02-30').hasValue()", true],
  ["format.datetime().validate('2024-02-29T12:00:00Z').hasValue()", false],
  ["format.datetime().validate('2024-02-29').hasValue()", true],
  ["'a'.validate('b')", NO_OVERLOAD],
]);

describe("a name of a namespace is still free for variables", () => {
  it.each([
    ["math", "math.abs"],
    ["ip", "ip.address"],
    ["format", "format.wanted"],
  ])("%s", (name, text) => {
    const [, member = ""] = text.split(".");
    expect(run(text, { [name]: { [member]: 7 } })).toBe(7);
  });
});

it("a fault says what to do about an optional", () => {
  const value = program("[optional.of(1)]").evaluate({});
  expect(value).not.toBeInstanceOf(Fault);
  expect(run("string(optional.of(1))")).toBe("fault: not_a_value");
});
