// Draws the report's charts from the figures embedded beside them. Amounts are whole cents.
"use strict";
(() => {
  const shownMoney = (cents) => {
    const digits = String(Math.abs(cents)).padStart(3, "0");
    const units = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
    return `${cents < 0 ? "-" : ""}${units}.${digits.slice(-2)}`;
  };
  const shownTick = (cents) => shownMoney(Math.round(cents)).replace(/\.00$/, "");
  const colour = (name) => `var(--${name})`;

  const element = (tag, className, ...children) => {
    const made = document.createElement(tag);
    made.className = className;
    made.append(...children);
    return made;
  };
  const tipLine = (className, name, cents, slot) =>
    element("p", className, ...(slot ? [element("span", "swatch")] : []),
      element("span", "", name), element("span", "", shownMoney(cents)));

  // Names are somebody else's text: they only ever become text nodes.
  const tip = (data, shown) => (points) => {
    const day = points[0].dataIndex;
    const stacked = data.series.filter((series, index) => shown[index] && series.cents[day]);
    const sum = stacked.reduce((cents, series) => cents + series.cents[day], 0);
    const lines = stacked.map((series) =>
      tipLine(`slot-${series.slot}`, series.name, series.cents[day], series.slot));
    const all = shown.every(Boolean) ? "Total" : "Shown";
    return element("div", "tip", element("p", "day", data.days[day]), ...lines,
      tipLine("sum", `${all} ${data.currency}`, sum));
  };

  const hatch = () => ({
    symbol: "rect", rotation: -Math.PI / 4, dashArrayX: [1, 0], dashArrayY: [2, 4],
    color: colour("hatch"),
  });
  const bars = (series, index) => ({
    id: String(index), name: String(index), type: "bar", stack: "cost", data: series.cents,
    barCategoryGap: "24%", emphasis: { disabled: true }, cursor: "default",
    itemStyle: {
      color: colour(`slot-${series.slot}`), borderColor: colour("card"), borderWidth: 0.5,
      ...(series.slot === "unallocated" && { decal: hatch() }),
    },
  });
  // Text is measured before it is drawn, which takes the font's name.
  const { fontFamily } = getComputedStyle(document.body);
  const axisText = { color: colour("soft"), fontSize: 12, fontFamily };
  const options = (data, shown) => ({
    animation: false,
    aria: { enabled: false },
    grid: { left: 2, right: 8, top: 10, bottom: 4, containLabel: true },
    legend: { show: false },
    tooltip: {
      trigger: "axis", confine: true, transitionDuration: 0, formatter: tip(data, shown),
      axisPointer: { type: "shadow", shadowStyle: { color: colour("hover"), opacity: 1 } },
      backgroundColor: colour("card"), borderColor: colour("line"), padding: [8, 12],
      textStyle: { fontFamily },
    },
    xAxis: {
      type: "category", data: data.days, axisTick: { show: false },
      axisLine: { lineStyle: { color: colour("line") } },
      axisLabel: {
        ...axisText, interval: (index) => index % 7 === 0, hideOverlap: true,
        formatter: (day) => day.replace(/ \d+$/, ""),
      },
    },
    yAxis: {
      type: "value", splitNumber: 4, axisLabel: { ...axisText, formatter: shownTick },
      splitLine: { lineStyle: { color: colour("grid") } },
    },
    series: data.series.map(bars),
  });

  const drawn = [];
  const draw = (figure) => {
    const data = JSON.parse(document.getElementById(figure.dataset.chart).textContent);
    const shown = data.series.map(() => true);
    const canvas = figure.querySelector(".canvas");
    const chart = echarts.init(canvas, null, { renderer: "svg" });
    chart.setOption(options(data, shown));
    figure.querySelectorAll(".legend button").forEach((button, index) => {
      button.addEventListener("click", () => {
        shown[index] = !shown[index];
        button.setAttribute("aria-pressed", String(shown[index]));
        chart.dispatchAction({ type: "legendToggleSelect", name: String(index) });
      });
    });
    new ResizeObserver(() => chart.resize()).observe(canvas);
    delete figure.dataset.chart;
    drawn.push(chart);
  };
  const drawVisible = () => {
    const waiting = [...document.querySelectorAll("figure[data-chart]")];
    waiting.filter((figure) => figure.checkVisibility()).forEach(draw);
  };

  // A link to a month that is folded away unfolds it.
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    const folded = target && target.closest("details.month");
    if (folded) {
      folded.open = true;
    }
  };

  document.documentElement.classList.add("js");
  document.querySelectorAll("details.month").forEach((month) => {
    month.addEventListener("toggle", drawVisible);
  });
  addEventListener("hashchange", unfold);
  // A page of paper is narrower than the window, and no resize is seen before it is printed.
  addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize({ width: 660 })));
  addEventListener("afterprint", () => drawn.forEach((chart) => chart.resize({ width: "auto" })));
  unfold();
  drawVisible();
})();
