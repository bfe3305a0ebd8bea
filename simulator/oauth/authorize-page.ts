import { escapeHtml } from '../html.ts';
import type { App, Company, Location } from '../world/records.ts';

/** What a chosen install has to carry on: the parameters of the link that opened the page. */
export type Link = Record<'client_id' | 'redirect_uri', string> & { state?: string | undefined };

const style = `body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f4f6fb;color:#1b2330}
main{max-width:40rem;margin:2rem auto;padding:0 1rem}form{background:#fff;border:1px solid #d9dfea;border-radius:8px;padding:1rem 1.5rem;margin:0 0 1.5rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin:.2rem 0 .8rem}label{display:block;padding:.15rem 0}.each{display:flex;justify-content:space-between;align-items:center}
button{font:inherit;padding:.35rem .9rem;border:1px solid #2b5fd9;border-radius:6px;background:#2b5fd9;color:#fff;cursor:pointer}
button.quiet{background:none;color:#2b5fd9;padding:0 .4rem;border-color:transparent}`;

/** The page on which a person chooses the locations an app is installed on, one form for each agency. */
export function renderChooser(app: App, link: Link, agencies: { company: Company; locations: Location[] }[]): string {
  const forms = agencies.map(({ company, locations }) => renderAgency(app, link, company, locations)).join('');
  return page(`Install ${app.name}`, forms || '<p>There is no agency to install it on.</p>');
}

/** A page that says only why there is nothing to choose. */
export function renderRefusal(code: string): string {
  return page('Something is wrong with this link', `<p><code>${escapeHtml(code)}</code></p>`);
}

function renderAgency(app: App, link: Link, company: Company, locations: Location[]): string {
  const rows = locations.map(
    ({ id, name }) =>
      `<div class="each"><label><input type="checkbox" name="locationId" value="${escapeHtml(id)}"> ${escapeHtml(name)}</label>` +
      `<button class="quiet" name="asLocation" value="${escapeHtml(id)}">install as its own user</button></div>`,
  );
  const choice =
    app.target === 'Company'
      ? ''
      : `<label><input type="checkbox" name="all" value="true"> <b>All locations</b></label>
<label><input type="checkbox" name="future" value="true"> and those to come</label>${rows.join('')}`;
  return `<form method="post"><h2>${escapeHtml(company.name)}</h2>${hidden('client_id', link.client_id)}
${hidden('redirect_uri', link.redirect_uri)}${link.state === undefined ? '' : hidden('state', link.state)}
${hidden('companyId', company.id)}${choice}<p><button>Install</button></p></form>`;
}

function hidden(name: string, value: string): string {
  return `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`;
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${style}</style></head><body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`;
}
