/// The page's style sheet: system fonts, colours of both schemes with enough contrast, one column, and paper.
enum PageStyle {
  /// The text, which is XML as it is.
  static let text = """

    :root { color-scheme: light dark;
      --ground: #fff; --raised: #f4f6f8; --ink: #1b2430; --soft: #55606e; --line: #c3cad3; --link: #0b5cad;
      --good: #0a7247; --good-ground: #dcf3e6; --fair: #7a5a00; --fair-ground: #fbf0cf; --bad: #a5202b; --bad-ground: #fbe3e4;
      --entry: #2c5d9e; --part: #8db0dc; --head: #cfd7e2; --zero: #e3f4ea; --infinite: #a5202b;
      --h0: #d7e3f4; --h1: #b9cfec; --h2: #97b8e1; --h3: #729dd3; --h4: #5081c1; --h5: #3566a9; --h6: #214b8a; --h7: #122f66;
      --s0: #1f6fbf; --s1: #b4530a; --s2: #0a7247; --s3: #8a2f8f; }
    @media (prefers-color-scheme: dark) { :root {
      --ground: #12161c; --raised: #1c222b; --ink: #e6eaf0; --soft: #a7b0bd; --line: #414b59; --link: #8fc1ff;
      --good: #6fd6a3; --good-ground: #12382a; --fair: #ecca6b; --fair-ground: #3a3010; --bad: #ff9a9f; --bad-ground: #471d22;
      --entry: #6fa5e6; --part: #3d618f; --head: #39434f; --zero: #16332a; --infinite: #ff9a9f;
      --h0: #1d2c44; --h1: #24395a; --h2: #2d4a76; --h3: #385f97; --h4: #4a79b9; --h5: #6c98d2; --h6: #9abbe7; --h7: #d1e2fa;
      --s0: #7fb8f5; --s1: #f0a860; --s2: #6fd6a3; --s3: #dd9be2; } }
    * { box-sizing: border-box; }
    body { margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
    h1 { font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
    h2 { font-size: 1.3rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
    h3 { font-size: 1.05rem; margin: 1.2rem 0 .4rem; overflow-wrap: anywhere; }
    a { color: var(--link); }
    dd, li, p, figcaption { overflow-wrap: anywhere; } td, th { overflow-wrap: break-word; max-width: 28rem; }
    .skip { position: absolute; left: -100vw; }
    .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .4rem; z-index: 2; }
    :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
    nav ul { display: flex; flex-wrap: wrap; gap: .3rem 1rem; list-style: none; padding: .5rem .8rem; margin: 0;
      background: var(--raised); border-radius: .4rem; }
    .verdict { font-size: 1.15rem; padding: .7rem 1rem; border-radius: .4rem; border-left: .4rem solid; }
    .verdict strong { text-transform: uppercase; letter-spacing: .03em; }
    .proved { color: var(--good); background: var(--good-ground); border-color: var(--good); }
    .agrees, .undecided, .kink, .nothingShared { color: var(--fair); background: var(--fair-ground); border-color: var(--fair); }
    .refuted, .differs { color: var(--bad); background: var(--bad-ground); border-color: var(--bad); }
    .identical, .rounding { color: var(--good); background: var(--good-ground); }
    .question { background: none; color: inherit; margin: .6rem 0; }
    dl { margin: 0; } dt { font-weight: 600; } dd { margin: 0; }
    .badge { display: inline-block; padding: 0 .5rem; border-radius: 1rem; font-size: .875rem; font-weight: 600; }
    .scroll { overflow-x: auto; margin: .6rem 0; }
    table { border-collapse: collapse; font-size: .9375rem; }
    caption { text-align: left; color: var(--soft); font-size: .875rem; padding-bottom: .2rem; }
    th, td { text-align: left; vertical-align: top; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--line); }
    thead th { white-space: nowrap; } td data { font-variant-numeric: tabular-nums; }
    .facts th { font-weight: 400; color: var(--soft); min-width: 9rem; }
    pre { background: var(--raised); padding: .6rem .8rem; border-radius: .4rem; overflow-x: auto; }
    code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .875rem; overflow-wrap: anywhere; }
    summary { cursor: pointer; padding: .2rem 0; } details { margin: .5rem 0; }
    figure { margin: 1rem 0; overflow-x: auto; padding: 3px; } figcaption { color: var(--soft); font-size: .9375rem; min-height: 1.5em; }
    svg { display: block; width: 100%; min-width: 27rem; height: auto; } svg text { font-size: 12px; fill: var(--ink); }
    .pattern { max-width: 44rem; touch-action: manipulation; } .spectrum { max-width: 20rem; min-width: 0; }
    .caption { text-anchor: middle; font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }
    svg .label { fill: var(--soft); unicode-bidi: isolate; }
    .outline { fill: none; stroke: var(--line); } .diagonal { fill: var(--raised); stroke: var(--line); stroke-width: .5; }
    .head { fill: var(--head); stroke: var(--ground); stroke-width: 1; }
    svg .inner { fill: var(--ink); pointer-events: none; }
    .entry { stroke: var(--ground); stroke-width: 1; cursor: pointer; } .full { fill: var(--entry); } .part { fill: var(--part); }
    .entry:hover, .head:hover, [aria-selected="true"] { stroke: var(--s1); stroke-width: 2.5; }
    .pattern rect:focus-visible { outline: none; stroke: var(--s1); stroke-width: 3; }
    .zero { fill: var(--zero); } .infinite { fill: var(--infinite); }
    .h0 { fill: var(--h0); } .h1 { fill: var(--h1); } .h2 { fill: var(--h2); } .h3 { fill: var(--h3); }
    .h4 { fill: var(--h4); } .h5 { fill: var(--h5); } .h6 { fill: var(--h6); } .h7 { fill: var(--h7); }
    .cursor { fill: none; stroke: var(--s1); stroke-width: 2.5; pointer-events: none; }
    .mark { fill: none; stroke: var(--soft); stroke-width: 1; } .mark.right { fill: var(--good); stroke: var(--good); }
    .controls { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem .8rem; margin: .5rem 0; }
    .controls[hidden] { display: none; } .controls input { flex: 1 1 12rem; min-height: 2rem; accent-color: var(--link); }
    .controls output { flex: 1 0 100%; font-variant-numeric: tabular-nums; }
    button { font: inherit; padding: .2rem 1rem; min-height: 2rem; border: 1px solid var(--line); border-radius: .4rem;
      background: var(--raised); color: var(--ink); cursor: pointer; }
    .legend { display: flex; flex-wrap: wrap; gap: .2rem 1rem; list-style: none; padding: 0; margin: .3rem 0; font-size: .875rem;
      color: var(--soft); }
    .legend li { display: flex; align-items: center; gap: .35rem; }
    .key { min-width: 0; width: .8rem; height: .8rem; flex: none; } .key.wide { width: 1.7rem; } .key rect { stroke: var(--line); }
    .rule { stroke: var(--line); fill: none; stroke-width: .7; } .limit { stroke: var(--s1); fill: none; stroke-dasharray: 4 3; }
    .unit { fill: none; stroke: var(--soft); stroke-dasharray: 4 3; } .bar { fill: var(--entry); }
    .inside { fill: var(--good); } .outside { fill: var(--bad); }
    .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
    .s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); stroke-dasharray: 7 3; } .s2 { stroke: var(--s2); stroke-dasharray: 2 3; }
    .s3 { stroke: var(--s3); stroke-dasharray: 9 3 2 3; }
    footer { margin: 2.5rem 0 1rem; color: var(--soft); font-size: .875rem; border-top: 1px solid var(--line); }
    @media (forced-colors: active) { svg { forced-color-adjust: none; background: var(--ground); } }
    @media print { :root { color-scheme: light; } body { max-width: none; padding: 0; font-size: 10pt; }
      nav, .controls, .skip, .cursor, pre::after { display: none; } pre { white-space: pre-wrap; } table { font-size: 8pt; } th, td { padding-right: .4rem; } .scroll, figure { overflow: visible; } svg { min-width: 0; }
      h2, h3 { break-after: avoid; } figure, tr, .question, .verdict { break-inside: avoid; }
      * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
    @media print and (prefers-color-scheme: dark) { :root {
      --ground: #fff; --raised: #f4f6f8; --ink: #1b2430; --soft: #55606e; --line: #c3cad3; --link: #0b5cad;
      --good: #0a7247; --good-ground: #dcf3e6; --fair: #7a5a00; --fair-ground: #fbf0cf; --bad: #a5202b; --bad-ground: #fbe3e4;
      --entry: #2c5d9e; --part: #8db0dc; --head: #cfd7e2; --zero: #e3f4ea; --infinite: #a5202b;
      --h0: #d7e3f4; --h1: #b9cfec; --h2: #97b8e1; --h3: #729dd3; --h4: #5081c1; --h5: #3566a9; --h6: #214b8a; --h7: #122f66;
      --s0: #1f6fbf; --s1: #b4530a; --s2: #0a7247; --s3: #8a2f8f; } }

    """
}
