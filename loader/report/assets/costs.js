// The costs on the page, and what they add up to for the months, team and source that are chosen.
const cube = JSON.parse(document.getElementById("cube").textContent);

const DAY = 86400000;
const firstDay = Date.parse(cube.first);
const isoDay = (day) => new Date(firstDay + day * DAY).toISOString().slice(0, 10);
const dayOf = (iso) => Math.round((Date.parse(iso) - firstDay) / DAY);
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"];
const shownDay = (day) => {
  const [year, month, date] = isoDay(day).split("-");
  return `${Number(date)} ${MONTHS[month - 1].slice(0, 3)} ${year}`;
};
const shownMonth = (iso) => `${MONTHS[Number(iso.slice(5, 7)) - 1]} ${iso.slice(0, 4)}`;
const shortMonth = (iso) => shownMonth(iso).replace(/^(\w{3})\w*/, "$1");
const shownPeriod = (from, to) => {
  if (from === to) return shownDay(from);
  const same = isoDay(from).slice(0, 7) === isoDay(to).slice(0, 7);
  return `${same ? shownDay(from).split(" ")[0] : shownDay(from)} to ${shownDay(to)}`;
};
const monthAfter = (iso, months) => {
  const [year, month] = iso.split("-").map(Number);
  return new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 7);
};
const monthDays = (iso) => ({ from: dayOf(`${iso}-01`), to: dayOf(`${monthAfter(iso, 1)}-01`) - 1 });

const series = (text) => text.split(" ").map((amount) => (amount ? BigInt(amount) : null));
const lines = cube.costs.map(([currency, team, source, service, account, shared, first, text]) => ({
  currency, team, source, first, shared: Boolean(shared), amounts: series(text),
  service: JSON.stringify([source, service]), account: JSON.stringify([source, account]),
}));
const expectedLines = cube.forecast.map(([currency, team, source, first, ...texts]) => {
  const [known, forecast, lower, upper] = texts.map(series);
  return { currency, team, source, first, known, forecast, lower, upper };
});

// The team with the teams below it.
const withTeamsBelow = (team) => {
  const members = new Set([team]);
  for (const member of members) {
    for (const [child, parent] of Object.entries(cube.parents)) {
      if (parent === member) members.add(child);
    }
  }
  return members;
};
const chosen = (all, { currency, team, source }) => {
  const members = team && withTeamsBelow(team);
  return all.filter((line) => line.currency === currency && (!team || members.has(line.team))
    && (!source || line.source === source));
};

// Calls with every day of a line that has an amount and is in the period, both ends included.
const eachDay = (line, { from, to }, call, amounts = line.amounts) => {
  const last = Math.min(to, line.first + amounts.length - 1);
  for (let day = Math.max(from, line.first); day <= last; day += 1) {
    const amount = amounts[day - line.first];
    if (amount !== null) call(day, amount);
  }
};
const totalOf = (line, period, amounts) => {
  let total = null;
  eachDay(line, period, (_, amount) => { total = (total ?? 0n) + amount; }, amounts);
  return total;
};

const splitBySource = (amounts, sources) => {
  const cents = new Map();
  for (const [source, whole] of sources) {
    const parts = new Map([...amounts].filter(([key]) => JSON.parse(key)[0] === source));
    for (const [key, part] of splitCents(parts, whole)) cents.set(key, part);
  }
  return cents;
};

// What the lines cost in the period: the exact total, and cents by everything there is.
const figuresOf = (some, period) => {
  const cells = new Map();
  const parts = { service: new Map(), account: new Map(), way: new Map() };
  for (const line of some) {
    const amount = totalOf(line, period);
    if (amount === null) continue;
    addCell(cells, line.team, line.source, amount);
    add(parts.service, line.service, amount);
    add(parts.account, line.account, amount);
    if (line.team !== UNALLOCATED) add(parts.way, line.shared ? "shared" : "direct", amount);
  }
  const matrix = costTable(cells);
  const total = sum(matrix.rows.values());
  const unallocated = matrix.rows.get(UNALLOCATED) ?? 0n;
  return {
    matrix, total, unallocated,
    exact: sum([...cells.values()].flatMap((inside) => [...inside.values()])),
    team: matrix.rows, source: matrix.columns,
    service: splitBySource(parts.service, matrix.columns),
    account: splitBySource(parts.account, matrix.columns),
    way: splitCents(parts.way, total - unallocated),
  };
};

const names = {
  team: (team) => cube.teams[team] ?? team,
  source: (source) => cube.sources[source] ?? source,
  service: (key) => {
    const [source, service] = JSON.parse(key);
    return service || `${cube.noService}, ${names.source(source)}`;
  },
  account: (key) => {
    const [source, account] = JSON.parse(key);
    const named = cube.accounts.find((each) => each[0] === source && each[1] === account);
    return named ? named[2] : account;
  },
};

// As many colours as people can tell apart; what comes after them is drawn as one. The largest of
// all months get one each, so that a colour means the same whatever is chosen.
const COLOURS = 8;
const colours = new Map();
const slotsOf = (by, currency) => {
  const place = JSON.stringify([by, currency]);
  if (!colours.has(place)) {
    const totals = new Map();
    for (const line of chosen(lines, { currency })) {
      const amount = totalOf(line, { from: 0, to: cube.days });
      if (amount !== null) add(totals, line[by], amount);
    }
    colours.set(place, new Map(largestFirst(totals).map((key, rank) =>
      [key, key === UNALLOCATED ? UNALLOCATED : rank < COLOURS ? String(rank + 1) : "other"])));
  }
  return colours.get(place);
};
