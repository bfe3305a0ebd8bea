/** A metric in an expression, with the labels that are asked of it. */
export interface MetricUse {
  name: string;
  labels: string[];
}

/** What an expression takes: metrics with their selectors, and the labels by which it groups. */
export interface ExpressionUse {
  metrics: MetricUse[];
  groupedBy: string[];
}

const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);

/**
 * Reads PromQL as far as our rules use it. What is neither function, keyword nor label is a metric.
 * @throws Error when brackets do not match
 */
export function readExpression(expression: string): ExpressionUse {
  const texts = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""');
  for (const [open, close] of ['()', '[]', '{}'] as const)
    if (texts.split(open!).length !== texts.split(close!).length) throw new Error(`${open}${close} do not match`);
  const groupedBy = [...texts.matchAll(GROUPING)].flatMap(([, labels]) => wordsOf(labels!));
  const bare = texts.replaceAll(GROUPING, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  const metrics = [...bare.matchAll(/([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\}|(\())?/g)].flatMap(
    ([, name, labels, call]): MetricUse[] =>
      call || WORDS.has(name!) ? [] : [{ name: name!, labels: wordsOf(labels ?? '').filter((word) => word !== '') }],
  );
  return { metrics, groupedBy };
}

const wordsOf = (text: string): string[] => [...text.matchAll(/[a-zA-Z_]\w*/g)].map(([word]) => word);
