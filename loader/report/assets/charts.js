// Charts. Bars are drawn from numbers, which is near enough for a bar; what is written is exact.
const colour = (name) => `var(--${name})`;
const shownTick = (cents) => shownMoney(BigInt(Math.round(cents))).replace(/\.00$/, "");
const hatch = () => ({
  symbol: "rect", rotation: -Math.PI / 4, dashArrayX: [1, 0], dashArrayY: [2, 4],
  color: colour("hatch"),
});
// Text is measured before it is drawn, which takes the font's name.
const { fontFamily } = getComputedStyle(document.body);
const axisText = { color: colour("soft"), fontSize: 12, fontFamily };

const barsOf = (stack, index) => ({
  id: String(index), name: String(index), type: "bar", stack: "all", data: stack.values,
  barCategoryGap: "24%", barMaxWidth: 72, emphasis: { disabled: true }, cursor: "default",
  itemStyle: {
    color: colour(`slot-${stack.slot}`), borderColor: colour("card"), borderWidth: 0.5,
    ...(stack.slot === UNALLOCATED && { decal: hatch() }),
    ...(stack.slot === "expected" && { borderColor: colour("hatch"), borderType: "dashed", borderWidth: 1 }),
  },
});
const marksOf = (marks) => ({
  id: "marks", name: "marks", type: "scatter", data: marks, symbol: "triangle", symbolSize: 8,
  symbolRotate: 180, symbolOffset: [0, -9], itemStyle: { color: colour("warn") }, silent: true, z: 5,
});

// A chart has heads for its bars, stacks of values and written amounts, and marks above bars.
const optionsOf = (chart, shown) => ({
  animation: false,
  aria: { enabled: false },
  grid: { left: 2, right: 8, top: 18, bottom: 4, containLabel: true },
  legend: { show: false },
  tooltip: {
    trigger: "axis", confine: true, transitionDuration: 0, formatter: tipOf(chart, shown),
    axisPointer: { type: "shadow", shadowStyle: { color: colour("hover"), opacity: 1 } },
    backgroundColor: colour("card"), borderColor: colour("line"), padding: [8, 12],
    textStyle: { fontFamily },
  },
  xAxis: {
    type: "category", data: chart.heads, axisTick: { show: false },
    axisLine: { lineStyle: { color: colour("line") } },
    axisLabel: {
      ...axisText, hideOverlap: true,
      interval: (index) => chart.heads.length < 15 || index % 7 === 0,
      formatter: (text) => text.replace(/^(\d+ \w+) \d+$/, "$1"),
    },
  },
  yAxis: {
    type: "value", splitNumber: 4, axisLabel: { ...axisText, formatter: chart.tick },
    splitLine: { lineStyle: { color: colour("grid") } },
  },
  series: [...chart.stacks.map(barsOf), ...(chart.marks ? [marksOf(chart.marks)] : [])],
});

const tipLine = (className, name, amount, slot) => element("p", { class: className },
  ...(slot ? [element("span", { class: "swatch" })] : []),
  element("span", null, name), element("span", null, amount));
const tipOf = (chart, shown) => (points) => {
  const place = points[0].dataIndex;
  const stacked = chart.stacks.filter((stack, index) => shown[index] && stack.values[place]);
  const all = shown.every(Boolean) ? "Total" : "Shown";
  return element("div", { class: "tip" },
    element("p", { class: "day" }, chart.heads[place]),
    ...stacked.map((stack) =>
      tipLine(`slot-${stack.slot}`, stack.name, stack.written(place), stack.slot)),
    tipLine("sum", `${all} ${chart.unit}`, chart.written(stacked, place)),
    ...(chart.notes?.(place) ?? []).map((note) => element("p", { class: "noted" }, note)));
};

const drawn = new Map();
const drawIn = (canvas, legend, chart) => {
  const shown = chart.stacks.map(() => true);
  if (!drawn.has(canvas)) {
    const made = echarts.init(canvas, null, { renderer: "svg" });
    new ResizeObserver(() => made.resize()).observe(canvas);
    drawn.set(canvas, made);
  }
  const made = drawn.get(canvas);
  made.setOption(optionsOf(chart, shown), { notMerge: true });
  canvas.setAttribute("aria-label", chart.label);
  legend.replaceChildren(...chart.stacks.map((stack, index) => {
    const button = element("button",
      { type: "button", "aria-pressed": "true", class: `slot-${stack.slot}` },
      element("span", { class: "swatch" }), `${stack.name} `,
      element("span", { class: "amount" }, stack.total));
    button.addEventListener("click", () => {
      shown[index] = !shown[index];
      button.setAttribute("aria-pressed", String(shown[index]));
      made.dispatchAction({ type: "legendToggleSelect", name: String(index) });
    });
    return element("li", null, button);
  }));
};
// A page of paper is narrower than the window, and no resize is seen before it is printed.
addEventListener("beforeprint", () => drawn.forEach((made) => made.resize({ width: 660 })));
addEventListener("afterprint", () => drawn.forEach((made) => made.resize({ width: "auto" })));

const stackOfCents = (name, slot, cents) => ({
  name, slot, total: shownMoney(sum(cents.filter((each) => each !== undefined))),
  values: cents.map((each) => (each === undefined ? null : Number(each))), cents,
  written: (place) => shownMoney(cents[place]),
});

// Stacks by colour: keys that share one are added up, nobody's comes last.
const stacksOf = (table, buckets, slots, nameOf) => {
  const shared = largestFirst(table.columns).filter((key) => slots.get(key) === "other");
  const centsOf = (keys) => buckets.map((bucket) => {
    const found = keys.map((key) => table.cells.get(bucket)?.get(key)).filter((each) => each !== undefined);
    return found.length ? sum(found) : undefined;
  });
  const alone = largestFirst(table.columns).filter((key) => slots.get(key) !== "other");
  const stacks = alone.map((key) => stackOfCents(nameOf(key), slots.get(key), centsOf([key])));
  const rest = shared.length ? [stackOfCents(`${shared.length} others`, "other", centsOf(shared))] : [];
  const last = stacks.filter((stack) => stack.slot === UNALLOCATED);
  return [...stacks.filter((stack) => stack.slot !== UNALLOCATED), ...rest, ...last];
};
