// What each team is expected to have cost by the end of a month.
const expectedMonths = (some) => {
  const months = some.flatMap((line) => [line.first, line.first + line.forecast.length - 1])
    .map((day) => isoDay(day).slice(0, 7)).sort();
  const all = [];
  for (let month = months[0]; month <= months.at(-1); month = monthAfter(month, 1)) all.push(month);
  return all.slice(-3);
};

// Exact amounts by team: what is known of the month, and in place of what is known of days that are
// not known whole, what is expected of them.
const expectedIn = (month, costs, some) => {
  const days = monthDays(month);
  const sums = { forecast: new Map(), lower: new Map(), upper: new Map() };
  for (const line of costs) {
    const amount = totalOf(line, days);
    for (const each of Object.values(sums)) if (amount !== null) add(each, line.team, amount);
  }
  for (const line of some) {
    const known = totalOf(line, days, line.known) ?? 0n;
    for (const [name, each] of Object.entries(sums)) {
      const amount = totalOf(line, days, line[name]);
      if (amount !== null) add(each, line.team, amount - known);
    }
  }
  return { cents: splitCents(sums.forecast), ...sums };
};

const shownRange = (lower, upper) =>
  [lower, upper].map((amount) => shownMoney(toCents(amount)).slice(0, -3)).join(" to ");
const forecastCells = (amount, lower, upper) =>
  [cell(shownMoney(amount)), cell(shownRange(lower, upper), "soft")];

const drawForecast = (state) => {
  const section = document.getElementById("forecast");
  if (!section) return;
  const some = chosen(expectedLines, state);
  section.querySelector(".none").hidden = some.length > 0;
  part("forecast").replaceChildren();
  if (!some.length) return;
  const months = expectedMonths(some);
  const expected = months.map((month) => expectedIn(month, chosen(lines, state), some));
  const totals = new Map();
  for (const { cents } of expected) for (const [team, amount] of cents) add(totals, team, amount);
  const cellsOf = (team) => expected.flatMap(({ cents, lower, upper }) => (cents.has(team)
    ? forecastCells(cents.get(team), lower.get(team), upper.get(team)) : [cell("–"), cell("")]));
  const body = largestFirst(totals).map((team) => row(rowHead(names.team(team)), ...cellsOf(team)));
  const foot = row(rowHead("Total"), ...expected.flatMap(({ cents, lower, upper }) =>
    forecastCells(sum(cents.values()), sum(lower.values()), sum(upper.values()))));
  const heads = [head("Team"), ...months.flatMap((month) =>
    [head(`${shownMonth(month)}, ${state.currency}`, true), head("Range", true)])];
  part("forecast").append(tableIn("Forecast", "lines", heads, body, foot));
};
