/// How the report looks: without a script, in light and in dark, on paper and on a phone.
enum ReportStyle {
  static let sheet: StaticString = """
    :root{color-scheme:light dark;--line:#8884;--good:#1a7f37;--bad:#cf222e;--mute:#777;--bar:#4a7dbd}
    @media(prefers-color-scheme:dark){:root{--good:#4ac26b;--bad:#ff7b72;--mute:#999;--bar:#6ea0dd}}
    body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
    h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}
    dt{color:var(--mute)}dd{margin:0;overflow-wrap:anywhere}
    table{border-collapse:collapse;width:100%}
    th{text-align:left;color:var(--mute);font-weight:normal}
    th,td{padding:.15rem .75rem .15rem 0;border-bottom:1px solid var(--line);vertical-align:top}
    td.time{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
    td.track{width:50%}
    .bar{height:.8rem;min-width:2px;background:var(--bar)}.bar.bad{background:var(--bad)}
    .good{color:var(--good)}.bad{color:var(--bad)}.mute{color:var(--mute)}
    details{border-bottom:1px solid var(--line);padding:.4rem 0}summary{cursor:pointer}
    pre{overflow-x:auto;margin:.5rem 0;padding:.5rem;border:1px solid var(--line);font-size:13px}
    pre .stderr{color:var(--bad)}code{font-size:13px;overflow-wrap:anywhere}
    @media print{details>*{display:block}}
    """
}
