/**
 * Cases of the public CEL suite that we do not pass, by name, each with the reason. A listed case that passes fails the
 * build. The reason `koreo` says that Koreo yields another value than the suite, and that we keep to Koreo; these are
 * counted apart. All others are gaps.
 */
export const KOREO = "koreo";

/** Koreo's library divides any double by zero to +infinity; the suite writes NaN as 0.0/0.0. */
const DIVISION_BY_ZERO = [
  "comparisons/eq_literal/not_eq_double_nan",
  "comparisons/ne_literal/not_ne_double_nan",
  "comparisons/ne_literal/ne_double_nan",
  "math_ext/round/nan",
  "math_ext/trunc/nan",
  "math_ext/isNaN/true",
  "math_ext/isInf/false",
];

/** Koreo rounds to the nearest whole number, halves to the even one, up to the very end of the range. */
const ROUNDING = [
  "conversions/int/double_truncate",
  "conversions/int/double_truncate_neg",
  "conversions/int/double_half_pos",
  "conversions/int/double_half_neg",
  "conversions/int/double_int_min_range",
  "conversions/uint/double_truncate",
  "conversions/uint/double_half",
];

/** Koreo's `==` between text and an error is false; its manifests rely on that for absent status fields. */
const ERROR_AGAINST_TEXT = [
  "string_ext/value_errors/charat_out_of_range",
  "string_ext/value_errors/substring_out_of_range",
  "string_ext/value_errors/substring_negative_index",
  "string_ext/value_errors/substring_end_index_out_of_range",
  "string_ext/value_errors/substring_begin_index_out_of_range",
  "string_ext/value_errors/substring_end_index_greater_than_begin_index",
  "string_ext/type_errors/charat_invalid_argument",
  "string_ext/type_errors/replace_binary_invalid_argument",
  "string_ext/type_errors/replace_binary_invalid_argument_2",
  "string_ext/type_errors/replace_ternary_invalid_argument_2",
  "string_ext/type_errors/replace_ternary_invalid_argument_3",
  "string_ext/type_errors/replace_ternary_invalid_argument_4",
  "string_ext/type_errors/replace_quaternary_invalid_argument",
  "string_ext/type_errors/substring_ternary_invalid_argument",
  "string_ext/type_errors/substring_binary_invalid_argument",
  "string_ext/type_errors/substring_binary_invalid_argument_2",
];

const OTHER_KOREO = [
  // Any value of a plain kind may be a key in Koreo, doubles too.
  "fields/qualified_identifier_resolution/map_key_float",
  // A duration's milliseconds are all of it in Koreo, not what is below the second.
  "timestamps/duration_converters/get_milliseconds",
  // Koreo's durations reach about ten thousand years, which the specification allows; the suite expects an error at 292.
  "timestamps/timestamp_range/sub_time_duration_over",
  "timestamps/timestamp_range/sub_time_duration_under",
];

const NUMBER_AS_RECEIVER = [
  "string_ext/type_errors/charat_invalid_type",
  "string_ext/type_errors/indexof_unary_invalid_type",
  "string_ext/type_errors/indexof_binary_invalid_argument",
  "string_ext/type_errors/split_invalid_type",
  "string_ext/type_errors/split_invalid_type_empty_arg",
  "string_ext/type_errors/split_binary_invalid_type",
  "string_ext/type_errors/replace_invalid_type",
  "string_ext/type_errors/replace_ternary_invalid_argument",
  "string_ext/type_errors/substring_binary_invalid_type",
];

const DOTTED_NAMES = [
  "fields/qualified_identifier_resolution/qualified_ident",
  "fields/qualified_identifier_resolution/map_field_select",
  "fields/qualified_identifier_resolution/qualified_identifier_resolution_unchecked",
  "fields/qualified_identifier_resolution/list_field_select_unsupported",
  "fields/qualified_identifier_resolution/ident_with_longest_prefix_check",
  "namespace/qualified/self_eval_qualified_lookup",
  "namespace/namespace/self_eval_container_lookup",
  "namespace/namespace/self_eval_container_lookup_unchecked",
];

const LOSSY_COMPARISONS = [
  "comparisons/lt_literal/not_lt_dyn_int_big_lossy_double",
  "comparisons/gt_literal/not_gt_dyn_big_double_int",
  "comparisons/lte_literal/lte_dyn_big_double_int",
  "comparisons/gte_literal/gte_dyn_int_big_lossy_double",
];

export const GAPS: ReadonlyMap<string, string> = new Map([
  ...because(KOREO, [...DIVISION_BY_ZERO, ...ROUNDING, ...ERROR_AGAINST_TEXT, ...OTHER_KOREO]),
  ...because(
    "a number cannot be a receiver, as in Koreo: refused while reading, not while evaluating",
    NUMBER_AS_RECEIVER,
  ),
  ...because("variables of manifests have no dots in their names, and no container around them", DOTTED_NAMES),
  ...because(
    "an int and a double compare by their exact values, not after rounding the int to a double",
    LOSSY_COMPARISONS,
  ),
]);

function because(reason: string, ids: readonly string[]): (readonly [string, string])[] {
  return ids.map((id) => [id, reason] as const);
}
