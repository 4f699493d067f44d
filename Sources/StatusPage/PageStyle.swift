extension Page {
  /// Beside the picture's. The colours are the picture's.
  static let style = """
    * { box-sizing: border-box }
    :root { --good: #16683a; --bad: #b3261e }
    @media (prefers-color-scheme: dark) { :root { --good: #6fcf97; --bad: #ff8a80 } }
    body { margin: 0 auto; max-width: 68rem; padding: 1.2rem; background: var(--paper); color: var(--ink);
      font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif }
    header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem 1rem; margin-bottom: 1rem }
    header p, h1, h2, h3, figure, ul, dl, dd { margin: 0; padding: 0 }
    .brand { font-weight: 700; letter-spacing: .04em; color: var(--accent) }
    h1 { font-size: 1.5rem } h2 { font-size: 1.05rem; margin-bottom: .7rem } h3 { font-size: .95rem; margin-top: 1rem }
    section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.1rem;
      margin-bottom: 1rem }
    small { display: block; font-size: 12.5px; color: var(--faint); font-weight: 400 }
    dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem 1.4rem }
    dt { font-size: 12.5px; color: var(--faint) } dd { font-size: 1.05rem; font-weight: 600 }
    .counters { margin: .9rem 0 0; color: var(--faint) } .counters strong { color: var(--ink) }
    #refused h2 { display: inline-block }
    #refused .counters { margin: 0 0 .6rem }
    ul { list-style: none } li { padding: .35rem 0; overflow-wrap: anywhere }
    .faults { margin-bottom: .8rem; border-left: 4px solid var(--bad); padding-left: .8rem }
    .badge { display: inline-block; border: 1px solid; border-radius: 4px; padding: 0 .4em; font-size: 12.5px;
      font-weight: 600 }
    .good { color: var(--good) } .bad { color: var(--bad) } .caution { color: var(--caution) }
    .wide { overflow-x: auto }
    table { border-collapse: collapse; width: 100% }
    th { text-align: left; font-size: 12.5px; color: var(--faint); font-weight: 600 }
    th, td { padding: .4rem .8rem .4rem 0; border-bottom: 1px solid color-mix(in srgb, var(--line) 40%, transparent);
      vertical-align: top; overflow-wrap: anywhere }
    b { font-weight: 600 }
    .records { min-width: 44rem; table-layout: fixed } .records th:first-child { width: 7.2rem }
    .records th:last-child { width: 42% }
    .records time { font-variant-numeric: tabular-nums }
    tr.new td { background: color-mix(in srgb, var(--accent) 12%, transparent) }
    svg.graph { display: block; width: 100%; min-width: 40rem; height: auto; margin: auto; max-width: 918px }
    figcaption, details, footer { color: var(--faint); font-size: 13px; margin-top: .6rem }
    details table, details h3 { color: var(--ink) }
    a, summary { color: var(--accent) } summary { cursor: pointer }
    button { font: inherit; font-size: 13px; color: var(--accent); background: none; border: 1px solid; border-radius: 4px;
      padding: .1rem .6rem; margin-left: .5rem; cursor: pointer }
    .skip { position: absolute; left: -99rem } .skip:focus { position: static }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }

    """

  /// Adds what is refused from now on, and says when the page is no longer true. It writes words, never markup.
  static let script = """
    "use strict";
    const $ = id => document.getElementById(id);
    const body = document.body, shown = 100;
    let position = body.dataset.position, fresh = 0, isPaused = false;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Pause";
    button.onclick = () => { isPaused = !isPaused; button.textContent = isPaused ? "Go on" : "Pause"; };
    $("refused-title").after(button);
    function add(r) {
      const row = $("row").content.firstElementChild?.cloneNode(true);
      if (!row) return;
      const place = r.destination.ip === undefined ? "" : r.destination.port === undefined ? r.destination.ip
        : (r.destination.ip.includes(":") ? "[" + r.destination.ip + "]" : r.destination.ip) + ":" + r.destination.port;
      const name = r.destination.gateway ? "gateway " + r.destination.gateway : r.destination.host;
      const isRefused = r.verdict === "refused";
      const names = row.querySelectorAll("b"), details = row.querySelectorAll("small");
      const time = row.querySelector("time"), badge = row.querySelector(".badge");
      time.dateTime = r.time;
      time.textContent = r.time.slice(11, 23);
      badge.classList.add(isRefused ? "bad" : "caution");
      badge.textContent = (isRefused ? "refused" : "would deny") + (r.count > 1 ? " ×" + r.count : "");
      names[0].textContent = r.source.pod ? (r.source.namespace ?? "") + "/" + r.source.pod
        : r.source.interface ? "stranger" : "host";
      details[0].textContent = [r.source.serviceAccount, r.source.ip].filter(Boolean).join(", ");
      names[1].textContent = name ?? (place || "unknown");
      details[1].textContent = (name ? place + " " : "") + r.protocol;
      names[2].textContent = r.rule + " " + r.reason.split("_").pop();
      details[2].textContent = r.hint;
      row.className = "new";
      $("records").prepend(row);
      while ($("records").rows.length > shown) $("records").lastElementChild.remove();
      $("none").hidden = true;
      fresh += 1;
    }
    async function ask(path) {
      const answer = await fetch(path, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      return answer.json();
    }
    async function look() {
      if (isPaused || document.hidden) return;
      try {
        const news = await ask("/flows?newest=" + shown + "&after=" + position);
        position = news.position;
        for (const record of news.records) add(record);
        const status = await ask("/status");
        $("state").textContent = status.state;
        $("state").className = "badge " + (status.state === "in sync" ? "good" : "bad");
        const isOld = (status.enforced?.since ?? "") !== body.dataset.since;
        say((fresh ? fresh + " new since this page was made." : "") + (isOld ? " What is allowed has changed; load it again." : ""));
      } catch {
        $("state").textContent = "no answer";
        $("state").className = "badge bad";
      }
    }
    function say(words) { if ($("news").textContent !== words) $("news").textContent = words; }
    setInterval(look, 1000);

    """
}
