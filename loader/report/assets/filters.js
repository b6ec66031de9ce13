// What is chosen: months, team, source and currency. It stands in the address, so that a choice can
// be kept as a bookmark, and rows of the page that name another month, team or source are hidden.
const form = document.getElementById("filters");
const FILTERS = ["month", "team", "source", "currency"];
const byRadios = [...document.querySelectorAll("#by input")];

const option = (value, text) => element("option", { value }, text);
const fillFilters = () => {
  const used = new Set(lines.map((line) => line.team));
  const above = [...new Set(Object.values(cube.parents))].filter((team) =>
    !used.has(team) && [...withTeamsBelow(team)].some((member) => used.has(member)));
  const teams = [...used, ...above].map((team) => [team, names.team(team)]);
  teams.sort(([one, oneName], [other, otherName]) =>
    (one === UNALLOCATED) - (other === UNALLOCATED) || byKey(oneName, otherName));
  const hasBelow = (team) => withTeamsBelow(team).size > 1;
  form.team.append(...teams.map(([team, name]) =>
    option(team, hasBelow(team) ? `${name} and teams below` : name)));
  const sources = Object.entries(cube.sources).sort(([, one], [, other]) => byKey(one, other));
  form.source.append(...sources.map(([source, name]) => option(source, name)));
};

const stateOf = () => ({
  ...Object.fromEntries(FILTERS.map((name) => [name, form[name].value])),
  by: byRadios.find((radio) => radio.checked).value,
});

// What the address asks for and the page has; anything else is left as it is.
const restore = () => {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const name of FILTERS) {
    const value = asked.get(name);
    if (value !== null && [...form[name].options].some((each) => each.value === value)) {
      form[name].value = value;
    }
  }
  const by = byRadios.find((radio) => radio.value === asked.get("by"));
  if (by) by.checked = true;
};
const remember = (state) => {
  const query = new URLSearchParams(Object.entries(state).filter(([, value]) => value));
  if (form.currency.options.length < 2) query.delete("currency");
  history.replaceState(null, "", `#${query}`);
};

const ancestorsOf = (team) => {
  const found = [];
  for (let each = team; each && !found.includes(each); each = cube.parents[each]) found.push(each);
  return found;
};
const isOfTeam = (data, team) => {
  if (!team) return true;
  if ("coversBelow" in data) {
    return ancestorsOf(team).includes(data.team) || withTeamsBelow(team).has(data.team);
  }
  return withTeamsBelow(team).has(data.team);
};
const isOf = ({ dataset }, { month, team, source, currency }) =>
  (!month || !dataset.months || dataset.months.split(" ").includes(month))
  && (dataset.team === undefined || isOfTeam(dataset, team))
  && (!source || dataset.source === undefined || dataset.source === source)
  && (!dataset.currency || dataset.currency === currency);

const filterRows = (state) => {
  for (const section of document.querySelectorAll("[data-filtered]")) {
    const rows = [...section.querySelectorAll("[data-months]")];
    for (const each of rows) each.hidden = !isOf(each, state);
    const empty = rows.length > 0 && rows.every((each) => each.hidden);
    const scroll = section.querySelector(".scroll");
    if (scroll) scroll.hidden = empty;
    const note = section.querySelector(".none");
    if (note) note.hidden = !empty;
  }
};
const shownRows = (id) => [...document.querySelectorAll(`#${id} tr[data-months]:not([hidden])`)];
