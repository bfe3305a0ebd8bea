export interface Matcher {
  label: string;
  operator: '=' | '!=' | '=~' | '!~';
  value: string;
}

/** A metric in an expression, with the labels that are asked of it. */
export interface MetricUse {
  name: string;
  matchers: Matcher[];
}

/** What an expression takes: metrics with their selectors, and the labels by which it groups. */
export interface ExpressionUse {
  metrics: MetricUse[];
  groupedBy: string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const WORDS = new Set(['and', 'or', 'unless', 'bool']);

/**
 * Reads PromQL as far as our rules use it. What is neither function, keyword nor label is a metric.
 * @throws Error when brackets do not match
 */
export function readExpression(expression: string): ExpressionUse {
  const values: string[] = [];
  // What stands in quotes must not be taken for brackets or names: a number stands for it.
  const texts = expression.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (_, value: string) => `"${values.push(value) - 1}"`);
  for (const [open, close] of ['()', '[]', '{}'] as const)
    if (texts.split(open!).length !== texts.split(close!).length) throw new Error(`${open}${close} do not match`);
  const groupedBy = [...texts.matchAll(GROUPING)].flatMap(([, labels]) =>
    [...labels!.matchAll(/[a-zA-Z_]\w*/g)].map(([word]) => word),
  );
  const bare = texts
    .replaceAll(GROUPING, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\boffset\s+\w+/g, ' ');
  const metrics = [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\}|(\())?/g)].flatMap(
    ([, name, selector, call]): MetricUse[] =>
      call || WORDS.has(name!) ? [] : [{ name: name!, matchers: matchersOf(selector ?? '', values) }],
  );
  return { metrics, groupedBy };
}

const matchersOf = (selector: string, values: readonly string[]): Matcher[] =>
  [...selector.matchAll(/([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"(\d+)"/g)].map(([, label, operator, value]) => ({
    label: label!,
    operator: operator as Matcher['operator'],
    value: values[Number(value)]!,
  }));

/** Whether a value fits what is asked of it, as Prometheus anchors it. */
export function isMatch({ operator, value }: Matcher, actual: string): boolean {
  const isEqual = operator.endsWith('~') ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  return operator.startsWith('!') ? !isEqual : isEqual;
}

/** The values that a matcher names; the alternatives of an expression each. */
export function namedValues({ operator, value }: Matcher): RegExp[] {
  const named = operator.endsWith('~')
    ? value.split(/\|(?![^(]*\))/)
    : [value.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')];
  return named.map((each) => new RegExp(`^(?:${each})$`));
}
