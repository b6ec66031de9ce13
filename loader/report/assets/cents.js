// Cents that add up, as in cents.py: exact amounts are BigInt, in units of the twelfth decimal.
const CENT = 10n ** 10n;

const floorDiv = (amount, by) => {
  const quotient = amount / by;
  return amount % by < 0n ? quotient - 1n : quotient;
};
// Half a cent is rounded away from zero.
const toCents = (amount) => {
  const size = amount < 0n ? -amount : amount;
  const cents = (size + CENT / 2n) / CENT;
  return amount < 0n ? -cents : cents;
};
const sum = (amounts) => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};
const add = (amounts, key, amount) => amounts.set(key, (amounts.get(key) ?? 0n) + amount);
const addCell = (cells, row, column, amount) => {
  if (!cells.has(row)) cells.set(row, new Map());
  add(cells.get(row), column, amount);
};
const byKey = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

// The cents to show for each part; they add up to `whole`, or to the sum of the parts, rounded once.
const splitCents = (parts, whole = toCents(sum(parts.values()))) => {
  const keys = [...parts.keys()].sort(byKey);
  if (!keys.length) return new Map();
  const shown = new Map(keys.map((key) => [key, floorDiv(parts.get(key), CENT)]));
  const rest = whole - sum(shown.values());
  const each = floorDiv(rest, BigInt(keys.length));
  const left = Number(rest - each * BigInt(keys.length));
  const missing = (key) => parts.get(key) - shown.get(key) * CENT;
  const ranked = [...keys].sort((one, other) => byKey(missing(other), missing(one)));
  return new Map(
    ranked.map((key, rank) => [key, shown.get(key) + each + (rank < left ? 1n : 0n)]));
};

// The moves of single cents within rows that even out two columns, the fewest it takes.
const wayToBalance = (cells, shown, surplus) => {
  const takers = new Map();
  const givers = new Map();
  for (const [row, inside] of cells) {
    const more = [...inside].filter(([column, amount]) => shown.get(row).get(column) * CENT < amount);
    if (more.length) takers.set(row, more.map(([column]) => column));
  }
  for (const [row, inside] of cells) {
    if (!takers.has(row)) continue;
    for (const [column, amount] of inside) {
      if (shown.get(row).get(column) * CENT > amount) {
        givers.set(column, [...(givers.get(column) ?? []), row]);
      }
    }
  }
  const paths = new Map([...surplus.keys()].filter((key) => surplus.get(key) > 0n)
    .map((key) => [key, []]));
  for (const [giver, path] of paths) {
    for (const row of givers.get(giver) ?? []) {
      for (const taker of takers.get(row)) {
        if (paths.has(taker)) continue;
        paths.set(taker, [...path, [row, giver, taker]]);
        if (surplus.get(taker) < 0n) return paths.get(taker);
      }
    }
  }
  return [];
};

// The cents of each cell of a table: rows add up to `rows`, columns to `columns` where both can.
const splitGrid = (cells, rows, columns) => {
  const sorted = (amounts) => new Map([...amounts].sort(([one], [other]) => byKey(one, other)));
  const exact = new Map([...sorted(cells)].map(([row, inside]) => [row, sorted(inside)]));
  const shown = new Map([...exact].map(([row, inside]) => [row, splitCents(inside, rows.get(row))]));
  const surplus = new Map([...columns.keys()].sort(byKey).map((key) => [key, -columns.get(key)]));
  for (const inside of shown.values()) {
    for (const [column, cents] of inside) add(surplus, column, cents);
  }
  let path = wayToBalance(exact, shown, surplus);
  while (path.length) {
    for (const [row, giver, taker] of path) {
      for (const [column, cent] of [[giver, -1n], [taker, 1n]]) {
        add(shown.get(row), column, cent);
        add(surplus, column, cent);
      }
    }
    path = wayToBalance(exact, shown, surplus);
  }
  return shown;
};

const turned = (cells) => {
  const other = new Map();
  for (const [row, inside] of cells) {
    for (const [column, amount] of inside) addCell(other, column, row, amount);
  }
  return other;
};
const sumsOf = (cells) => new Map([...cells].map(([row, inside]) => [row, sum(inside.values())]));

// A table of cells, rows and columns in cents; with `columns` these are taken as they are.
const costTable = (cells, columns) => {
  const rows = splitCents(sumsOf(cells));
  if (columns) {
    const shown = turned(splitGrid(turned(cells), columns, rows));
    return { cells: shown, rows: sumsOf(shown), columns };
  }
  const shown = splitGrid(cells, rows, splitCents(sumsOf(turned(cells))));
  return { cells: shown, rows, columns: sumsOf(turned(shown)) };
};

// "unallocated" comes after all others, whatever it costs.
const UNALLOCATED = "unallocated";
const largestFirst = (cents) => [...cents.keys()].sort((one, other) =>
  (one === UNALLOCATED) - (other === UNALLOCATED) || byKey(cents.get(other), cents.get(one))
  || byKey(one, other));

const shownMoney = (cents) => {
  const digits = String(cents < 0n ? -cents : cents).padStart(3, "0");
  const units = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${cents < 0n ? "-" : ""}${units}.${digits.slice(-2)}`;
};
const withSign = (cents) => `${cents > 0n ? "+" : ""}${shownMoney(cents)}`;

// Part of whole in percent with one decimal; what is not nothing is never 0.0, nor less than all 100.0.
const shareText = (permille, part, whole) => {
  const negative = (part < 0n) !== (whole < 0n) && part !== 0n;
  const [size, of] = [part < 0n ? -part : part, whole < 0n ? -whole : whole];
  if (!permille && size) return negative ? ">-0.1%" : "<0.1%";
  if (permille === 1000n && size < of && !negative) return ">99.9%";
  const units = String(permille / 10n).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${negative ? "-" : ""}${units}.${permille % 10n}%`;
};
const shownShare = (part, whole) => {
  if (!whole) return "–";
  const [size, of] = [part < 0n ? -part : part, whole < 0n ? -whole : whole];
  return shareText((size * 2000n + of) / (2n * of), part, whole);
};

// The shares of parts that make up the whole: they add up to 100.0%, or to what `given` leaves of it.
const splitShares = (parts, whole, given = 0n) => {
  if (whole <= 0n || [...parts.values()].some((part) => part < 0n)) return null;
  const scaled = new Map([...parts].map(([key, part]) => [key, part * 1000n * CENT / whole]));
  return splitCents(scaled, 1000n - given);
};
const shownShares = (parts, whole) => {
  const permille = sum(parts.values()) === whole ? splitShares(parts, whole) : null;
  return new Map([...parts].map(([key, part]) =>
    [key, permille ? shareText(permille.get(key), part, whole) : shownShare(part, whole)]));
};
