// Worker pools by day, or by month when all months are shown, from seconds of capacity and of work.
const shownHours = (seconds) => shownMoney(BigInt(Math.round(seconds / 36))).replace(/\.00$/, "");
const usedShare = ([capacity, busy]) =>
  shownShare(BigInt(Math.round(busy)), BigInt(Math.round(capacity)));

// Capacity, work and idleness of each pool by bucket, and of all of them.
const poolSums = (period, bucketOf) => {
  const pools = cube.workers.map(() => new Map());
  const all = new Map();
  const count = (sums, key, [capacity, busy]) => {
    const before = sums.get(key) ?? [0, 0, 0];
    sums.set(key, [before[0] + capacity, before[1] + busy, before[2] + Math.max(capacity - busy, 0)]);
  };
  cube.workers.forEach(([, , first, days], index) => days.forEach((seconds, place) => {
    const day = first + place;
    if (!seconds || day < period.from || day > period.to) return;
    count(pools[index], bucketOf(day), seconds);
    count(all, bucketOf(day), seconds);
  }));
  return { pools, all: new Map([...all].sort(([one], [other]) => byKey(one, other))) };
};

const stackOfSeconds = (name, slot, seconds) => ({
  name, slot, values: seconds.map((each) => each / 3600), seconds,
  total: `${shownHours(seconds.reduce((one, other) => one + other, 0))} h`,
  written: (place) => `${shownHours(seconds[place])} h`,
});

const drawPools = (canvas, pools, all, unit, nameOf) => {
  const keys = [...all.keys()];
  const busy = cube.workers.map(([, pool], index) => stackOfSeconds(`${pool}, busy`,
    String(index % COLOURS + 1), keys.map((key) => pools[index].get(key)?.[1] ?? 0)));
  const idle = stackOfSeconds("Idle", "idle", keys.map((key) => all.get(key)[2]));
  drawIn(canvas, part("worker-legend"), {
    heads: keys.map(nameOf), stacks: [...busy, idle], unit: "hours", tick: (hours) => `${hours} h`,
    written: (stacked, place) =>
      `${shownHours(stacked.reduce((sums, each) => sums + each.seconds[place], 0))} h`,
    notes: (place) => [`${usedShare(all.get(keys[place]))} used`],
    label: `Stacked bars: worker hours by ${unit}, busy by pool and idle. All figures are in the `
      + "table below.",
  });
};

const drawWorkers = (state) => {
  const canvas = part("workers");
  if (!canvas) return;
  const period = state.month ? monthDays(state.month) : { from: 0, to: cube.days - 1 };
  const { pools, all } = poolSums(period, state.month ? isoDay : (day) => isoDay(day).slice(0, 7));
  const hidden = !all.size || (state.source !== "" && state.source !== "spacelift");
  canvas.closest("figure").hidden = hidden;
  if (hidden) return;
  const unit = state.month ? "Day" : "Month";
  const nameOf = (key) => (state.month ? shownDay(dayOf(key)) : shortMonth(key));
  drawPools(canvas, pools, all, unit.toLowerCase(), nameOf);
  const figures = part("worker-figures");
  figures.querySelector(".scroll")?.remove();
  figures.append(tableIn("Worker hours", "lines",
    [head(unit), ...["Capacity, hours", "Busy, hours", "Idle, hours", "Used"].map((each) => head(each, true))],
    [...all].map(([key, sums]) => row(rowHead(nameOf(key)),
      ...sums.map((seconds) => cell(shownHours(seconds))), cell(usedShare(sums))))));
};
