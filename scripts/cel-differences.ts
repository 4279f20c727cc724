/**
 * Where expressions differ from CEL, on purpose, with the reason: the list of the reference page. A test evaluates figures of CEL's own
 * conformance suite, and each that comes out differently has to be covered here.
 */
export interface CelDifference {
  readonly title: string;
  readonly reason: string;
  /** Names of figures that give another value than CEL's, or a value where CEL has an error. */
  readonly otherValue?: readonly string[];
  /** Beginnings of the messages with which what CEL evaluates is refused. */
  readonly refusals?: readonly string[];
}

export const celDifferences: readonly CelDifference[] = [
  {
    title: 'Numbers mix',
    reason: 'JSON has one kind of number. An integer that meets a JSON number becomes one; `%`, `math.round()` and its like take both kinds. Compared, they are compared exactly, also beyond 2^53, where CEL rounds the integer first.',
    otherValue: [
      'fp_math/fp_math/mod_not_support', 'math_ext/ceil/dyn_error', 'math_ext/floor/dyn_error', 'math_ext/round/dyn_error', 'math_ext/trunc/dyn_error',
      'comparisons/lt_literal/not_lt_dyn_int_big_lossy_double', 'comparisons/gt_literal/not_gt_dyn_big_double_int', 'comparisons/lte_literal/lte_dyn_big_double_int', 'comparisons/gte_literal/gte_dyn_int_big_lossy_double',
    ],
  },
  { title: 'Nothing is rounded silently', reason: 'A whole number that a JSON number can\'t hold exactly is an error: as a result, in `+`, `-` and `*`, and in `double()`.', refusals: ['double() would change the last digits'] },
  { title: 'Division by zero', reason: 'It is an error for all numbers, and so are infinite results: JSON has neither infinity nor NaN.', refusals: ['Division by zero.'] },
  { title: 'No unsigned integers', reason: '`7u` is read as the integer 7, and there is no `uint()`.', otherValue: ['integer_math/int64_math/unary_minus_no_overload', 'integer_math/int64_math/uint64_overflow_negative', 'integer_math/uint64_math/negative_no_overload'], refusals: ["There is no function 'uint'"] },
  { title: 'Keys of maps are text', reason: 'Those of JSON are.', refusals: ['A key of a map is text'] },
  { title: 'No bytes', reason: "JSON has none: `b'...'` is an error, and `base64.encode()` and `base64.decode()` work on text in UTF-8." },
  { title: 'No types as values', reason: 'There is no `type()`, and there are no protocol buffer messages and no enumerations.' },
  { title: 'No optional values', reason: '`a.?b` is an error: write `default(a.b, value)` or `has(a.b)`. `first()` and `last()` of an empty list are missing, which `default()` takes.' },
  { title: 'Times have milliseconds', reason: 'They are what JavaScript, and with it JSON\'s dates, have. A duration has no bounds but those of numbers, and no units below `ms`.', otherValue: ['timestamps/timestamp_conversions/toString_timestamp', 'timestamps/timestamp_conversions/toString_timestamp_nanos', 'timestamps/timestamp_range/sub_time_duration_over', 'timestamps/timestamp_range/sub_time_duration_under'], refusals: ["'ns' in"] },
  { title: 'Text can be a time', reason: 'JSON has no times, and `now()` is text. Where one side of an operator, or a function, needs a time, ISO 8601 text is taken for one, and a date alone for the start of that day.' },
  { title: 'trim()', reason: 'It takes what JavaScript takes for white space, which has U+FEFF (a byte order mark) and not U+0085.', otherValue: ['string_ext/trim/unicode_space_chars_1', 'string_ext/trim/unicode_no_trim'] },
  { title: 'slice()', reason: 'A list that is shorter than the positions has fewer elements, as in most languages; CEL has an error.' },
  { title: 'Functions are known', reason: 'A function that doesn\'t exist is an error when a file is read, and not only when the expression comes to it.', refusals: ["There is no function 'f_unknown'", "There is no function 'as'"] },
  { title: 'How it is written', reason: 'A number begins with a digit (`0.5`), a path with a name and no dot; fields with a dash are read in brackets; a form feed is no white space.', refusals: ["Unexpected token: '.'"] },
  { title: 'Not there', reason: 'Of the extensions: bits (`math.bitAnd()` and its like), `strings.quote()`, `format()` with `%s` (there is GitHub\'s, with `{0}`), sets, regular expressions that take texts apart, network addresses.', refusals: ["There is no function 'math.bit"] },
];
