"""How the page of `docs_page` looks: light or dark as the reader's system is, narrow or wide."""

from __future__ import annotations

STYLE = """
:root {
  --ground: #ffffff; --raised: #f4f6f8; --ink: #1c2530; --quiet: #5a6775; --line: #d8dee5;
  --link: #0b62b8; --get: #0b6e4f; --post: #9a4d00;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11161c; --raised: #1a212a; --ink: #e3e8ee; --quiet: #9aa7b5; --line: #2f3a46;
    --link: #6db3f8; --get: #4cc38a; --post: #f0a35e;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; padding: 1rem; max-width: 76rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { margin: .5rem 0; } h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 0 0 .25rem; }
h4 { margin: 1.25rem 0 .4rem; }
h1 small, h4 small { font-weight: normal; color: var(--quiet); font-size: .85rem; }
p { margin: .4rem 0; max-width: 46rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font: .875rem/1.5 ui-monospace, monospace; }
code { background: var(--raised); padding: .1em .3em; border-radius: .25rem; }
pre {
  margin: 0; padding: .75rem; background: var(--raised); border: 1px solid var(--line);
  border-radius: .5rem; overflow-x: auto;
}
em { color: var(--quiet); font-size: .8rem; font-style: normal; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav > ul > li { margin: .75rem 0; }
nav li li { margin: .15rem 0; }
nav a { display: block; padding: .2rem 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
article {
  margin: 1rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: .6rem;
}
.method {
  display: inline-block; min-width: 3.2rem; padding: 0 .35rem; border: 1px solid currentColor;
  border-radius: .3rem; font: bold .72rem/1.5 ui-monospace, monospace; text-align: center;
  color: var(--get);
}
.method.post { color: var(--post); }
.path code { background: none; padding: 0; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: .92rem; }
th, td { padding: .4rem .6rem .4rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { color: var(--quiet); font-weight: 600; }
@media (min-width: 60rem) {
  body { display: grid; grid-template-columns: 17rem minmax(0, 1fr); column-gap: 2.5rem; }
  header { grid-column: 1 / -1; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; }
}
@media print { nav { display: none; } article { break-inside: avoid; } }
"""
