/** The page's looks: no script, no font and no picture from elsewhere. */
export const style = `:root{--ground:#f3f5fa;--card:#fff;--ink:#1a2233;--quiet:#667089;--line:#dfe4ee;--good:#1c8a5a;--bad:#c8373f;--middling:#b7791f;--accent:#2b5fd9;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ground:#12161f;--card:#1b212d;--ink:#e6eaf3;--quiet:#93a0ba;--line:#2c3547;--good:#4cc38a;--bad:#ff7078;--middling:#e5b454;--accent:#7ba2ff}}
*{box-sizing:border-box}body{font:14px/1.45 system-ui,sans-serif;margin:0;background:var(--ground);color:var(--ink)}
header{display:flex;gap:1rem;align-items:baseline;flex-wrap:wrap;padding:1.1rem 1.5rem .2rem}h1{font-size:1.25rem;margin:0}header span{color:var(--quiet)}
main{padding:.8rem 1.5rem 2rem;display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(34rem,100%),1fr))}
.wide{grid-column:1/-1}.tiles{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr))}
.tile,section,figure{background:var(--card);border:1px solid var(--line);border-radius:10px;margin:0}.tile{padding:.7rem .9rem;display:flex;flex-direction:column}
.tile b{font-size:1.5rem;font-variant-numeric:tabular-nums}.tile span{color:var(--quiet)}.tile small{color:var(--quiet);min-height:1.3em}
section{padding:.8rem 1rem;min-width:0}h2{font-size:1rem;margin:0 0 .5rem}.none{color:var(--quiet);margin:.2rem 0}.scroll{overflow:auto;max-height:24rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th{position:sticky;top:0;background:var(--card);font-weight:600;color:var(--quiet)}
td,th{padding:.28rem .9rem .28rem 0;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}tr:last-child td{border-bottom:0}
.badge{padding:.05rem .5rem;border-radius:99px;font-size:.85em;border:1px solid currentColor}.badge.good{color:var(--good)}.badge.bad{color:var(--bad)}.badge.middling{color:var(--middling)}.badge.calm{color:var(--quiet)}
.gauge{display:inline-block;width:6rem;height:.5rem;border-radius:99px;background:var(--line);overflow:hidden;vertical-align:middle}.gauge i{display:block;height:100%}
.gauge .good{background:var(--good)}.gauge .middling{background:var(--middling)}.gauge .bad{background:var(--bad)}
figure{padding:.8rem 1rem}svg{width:100%;height:64px;display:block}rect{fill:var(--accent)}rect.bad{fill:var(--bad)}figcaption{color:var(--quiet);font-size:.85em;margin-top:.4rem}`;
