"use strict";
// What a page can do beyond being read: files of figures and tables, values under the pointer, scenarios on and off.
(() => {
  const plain = document.getElementById("plain").content.textContent;
  const tip = document.getElementById("value");

  const save = (blob, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  const button = (text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };
  const unpack = async (packed) => {
    const bytes = Uint8Array.from(atob(packed.trim()), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  // --- Tables and figures as files ---------------------------------------------------------------------------------
  const NUMBER = /^[+-]?[0-9][0-9,.]*( %)?$/;
  const cell = (text) => {
    const safe = /^[=+\-@\t\r\n|%]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const tableText = (table) =>
    [...table.rows].map((row) => [...row.cells].map((c) => cell(c.textContent.replaceAll("\u00a0", " "))).join(",")).join("\n") + "\n";

  const svgText = (figure) => {
    const svg = figure.querySelector(".chart.wide").cloneNode(true);
    svg.querySelectorAll("[data-off], .cursor").forEach((part) => part.remove());
    const view = svg.dataset.whole, [, , width, height] = view.split(" ");
    for (const name of [...svg.attributes].map((a) => a.name)) if (name !== "role") svg.removeAttribute(name);
    svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    svg.setAttribute("viewBox", view);
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    style.textContent = plain;
    const ground = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ class: "ground", width, height })) ground.setAttribute(key, value);
    svg.prepend(style, ground);
    return new XMLSerializer().serializeToString(svg);
  };
  const png = (text) => new Promise((done, failed) => {
    const image = new Image();
    const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    image.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth * 2;
      canvas.height = image.naturalHeight * 2;
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob(done, "image/png");
    };
    image.onerror = failed;
    image.src = address;
  });

  const row = (...buttons) => {
    const made = document.createElement("p");
    made.className = "files";
    made.append("Download: ", ...buttons);
    return made;
  };
  for (const figure of document.querySelectorAll("figure[data-name]")) {
    const name = figure.dataset.name, title = figure.querySelector(".figure-title").textContent;
    const data = figure.querySelector(".data").textContent;
    figure.append(row(
      button("SVG", `Download as SVG: ${title}`, () => save(new Blob([svgText(figure)], { type: "image/svg+xml" }), `${name}.svg`)),
      button("PNG", `Download as PNG: ${title}`, async () => save(await png(svgText(figure)), `${name}.png`)),
      button("CSV", `Download the data: ${title}`, async () => save(new Blob([await unpack(data)], { type: "text/csv" }), `${name}.csv`)),
    ));
    figure.querySelector(".drawing").addEventListener("pointermove", (event) => hover(figure, event));
    figure.querySelector(".drawing").addEventListener("pointerleave", () => leave());
  }
  for (const box of document.querySelectorAll("[data-table]")) {
    const name = box.dataset.table, table = box.querySelector("table");
    box.append(row(button("CSV", `Download the table: ${table.caption.textContent}`, () => save(new Blob([tableText(table)], { type: "text/csv" }), `${name}.csv`))));
  }

  // --- Scenarios on and off: the same choice in every figure that has them ------------------------------------------
  const show = (name, on) => {
    document.querySelectorAll("[data-scenario]").forEach((part) => {
      if (part.dataset.scenario === name) part.toggleAttribute("data-off", !on);
    });
    document.querySelectorAll(".key button").forEach((b) => {
      if (b.dataset.of === name) b.setAttribute("aria-pressed", String(on));
    });
  };
  for (const item of document.querySelectorAll(".key li")) {
    const toggle = button("", "", () => show(item.dataset.key, toggle.getAttribute("aria-pressed") !== "true"));
    toggle.removeAttribute("aria-label");
    toggle.dataset.of = item.dataset.key;
    toggle.setAttribute("aria-pressed", "true");
    toggle.title = "Show or hide in the figures";
    toggle.append(...item.childNodes);
    item.append(toggle);
  }

  // --- Values under the pointer ------------------------------------------------------------------------------------
  const DAY = 86400000, tables = new Map();
  const parse = (text) => {
    const rows = [];
    let row = [""], quoted = false;
    for (let k = 0; k < text.length; k++) {
      const c = text[k];
      if (quoted && c === '"' && text[k + 1] === '"') { row[row.length - 1] += c; k++; }
      else if (c === '"') quoted = !quoted;
      else if (c === "," && !quoted) row.push("");
      else if (c === "\n" && !quoted) { rows.push(row); row = [""]; }
      else row[row.length - 1] += c;
    }
    const head = rows.shift();
    return rows.map((cells) => Object.fromEntries(head.map((name, k) => [name, cells[k]])));
  };
  const table = (figure) => {
    if (!tables.has(figure)) {
      tables.set(figure, null);
      unpack(figure.querySelector(".data").textContent).then((text) => {
        const panels = new Map();
        for (const entry of parse(text)) {
          if (!entry.panel || !entry.time) continue;
          const key = `${entry.panel}\n${entry.series}`;
          if (!panels.has(key)) panels.set(key, []);
          panels.get(key).push({ ...entry, day: Date.parse(entry.time) / DAY });
        }
        tables.set(figure, panels);
      });
    }
    return tables.get(figure);
  };
  const round = (text) => {
    const value = Number(Number(text).toPrecision(3));
    return value.toLocaleString("en-US", { maximumSignificantDigits: 3 }).replace("-", "−");
  };
  const leave = () => {
    tip.hidden = true;
    document.querySelectorAll(".cursor").forEach((line) => line.remove());
  };
  const hover = (figure, event) => {
    const svg = [...figure.querySelectorAll(".chart")].find((it) => it.getBoundingClientRect().width > 0);
    if (!svg) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    for (const panel of svg.querySelectorAll("[data-box]")) {
      const [left, top, wide, tall] = panel.dataset.box.split(" ").map(Number);
      if (point.x < left || point.x > left + wide || point.y < top || point.y > top + tall) continue;
      const [x0, x1] = [Number(panel.dataset.x0), Number(panel.dataset.x1)];
      const found = table(figure);
      if (found) tell(svg, panel, found, x0 + ((point.x - left) / wide) * (x1 - x0), [point.x, top, tall], event);
      return;
    }
    leave();
  };
  const hidden = (figure, name) =>
    [...figure.querySelectorAll('.key button[aria-pressed="false"]')].some((b) => b.textContent.trim() === name);
  const tell = (svg, panel, found, day, [x, top, tall], event) => {
    const lines = [];
    for (const [key, entries] of found) {
      const [name, series] = key.split("\n");
      if (name !== panel.dataset.panel || hidden(svg.closest("figure"), series)) continue;
      const near = entries.reduce((best, e) => (Math.abs(e.day - day) < Math.abs(best.day - day) ? e : best));
      if (Math.abs(near.day - day) > 200 || !near.value) continue;
      const range = near.low_90 ? ` (90 %: ${round(near.low_90)} to ${round(near.high_90)})` : "";
      lines.push(`${series}: ${round(near.value)}${range}`);
    }
    leave();
    if (!lines.length) return;
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", "cursor");
    line.setAttribute("d", `M${x} ${top}v${tall}`);
    svg.append(line);
    const when = new Date(day * DAY).toLocaleDateString("en-US", { month: "long", year: "numeric", timeZone: "UTC" });
    tip.replaceChildren(Object.assign(document.createElement("b"), { textContent: when }),
      ...lines.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - box.width - 4))}px`;
    tip.style.top = `${Math.max(4, event.clientY - box.height - 12)}px`;
  };
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });

  // What is folded is printed, too.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((it) => { it.open = true; });
  });
  addEventListener("afterprint", () => opened.forEach((it) => { it.open = false; }));
})();
