import { escapeHtml } from '../../html.ts';
import type { SecondOfCalls } from '../../calls.ts';

/** A cell of a table: text, made safe here, or markup made by one of the functions below. */
export type Cell = string | number | { html: string };

/** One number with its name, and what is worth adding in small print. */
export function tile(name: string, value: string | number, more = ''): string {
  return `<div class="tile"><b>${escapeHtml(String(value))}</b><span>${escapeHtml(name)}</span><small>${escapeHtml(more)}</small></div>`;
}

/** A titled table, or a line that says there is nothing. */
export function section(title: string, heads: string[], rows: Cell[][], none: string): string {
  const head = heads.map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${render(cell)}</td>`).join('')}</tr>`).join('');
  const content =
    rows.length === 0
      ? `<p class="none">${escapeHtml(none)}</p>`
      : `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
  return `<section><h2>${escapeHtml(title)}</h2>${content}</section>`;
}

/** A word on coloured ground. */
export function badge(text: string, mood: 'good' | 'bad' | 'middling' | 'calm'): Cell {
  return { html: `<span class="badge ${mood}">${escapeHtml(text)}</span>` };
}

/** How much of something is left, as a bar with its numbers. */
export function gauge(left: number, whole: number): Cell {
  const share = Math.max(0, Math.min(1, left / whole));
  const mood = share < 0.1 ? 'bad' : share < 0.4 ? 'middling' : 'good';
  return {
    html: `<span class="gauge"><i class="${mood}" style="width:${(share * 100).toFixed(1)}%"></i></span> ${left.toLocaleString('en')} of ${whole.toLocaleString('en')}`,
  };
}

/** Calls of the last seconds as bars, the failed ones on top of the others in another colour. */
export function callChart(seconds: SecondOfCalls[]): string {
  const highest = Math.max(1, ...seconds.map(({ calls }) => calls));
  const width = 600 / seconds.length;
  const bars = seconds.map(({ calls, failed }, index) => {
    const [whole, bad] = [(calls / highest) * 60, (failed / highest) * 60];
    const at = `x="${(index * width).toFixed(1)}" width="${(width - 1.5).toFixed(1)}"`;
    return `<rect ${at} y="${(60 - whole).toFixed(1)}" height="${(whole - bad).toFixed(1)}"/><rect class="bad" ${at} y="${(60 - bad).toFixed(1)}" height="${bad.toFixed(1)}"/>`;
  });
  return `<figure><svg viewBox="0 0 600 60" preserveAspectRatio="none" role="img" aria-label="calls per second">${bars.join('')}</svg>
<figcaption>calls in each of the last ${seconds.length} seconds, at most ${highest}; refused or failed ones in red</figcaption></figure>`;
}

function render(cell: Cell): string {
  return typeof cell === 'object' ? cell.html : escapeHtml(String(cell));
}
