const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const shorthands: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const minute = 60_000;

/** The first times of a five-field cron text by the rules of crontab(5), in UTC: every day of eight years is looked at. */
export function vixieTimes(spec: string, after: number, count: number): string[] {
  const [minutes = '', hours = '', days = '', month = '', weekday = ''] = (shorthands[spec] ?? spec).split(' ');
  const found: string[] = [];
  const first = new Date(after).setUTCHours(0, 0, 0, 0);
  for (let day = first; day < first + 8 * 366 * 24 * 60 * minute && found.length < count; day += 24 * 60 * minute) {
    if (!isDay(new Date(day), days, month, weekday)) continue;
    for (let at = day; at < day + 24 * 60 * minute && found.length < count; at += minute) {
      const time = new Date(at);
      if (at > after && has(minutes, time.getUTCMinutes(), 0, 59) && has(hours, time.getUTCHours(), 0, 23))
        found.push(time.toISOString().slice(0, 19));
    }
  }
  return found;
}

/** "Note: the day of a command's execution can be specified by two fields": either is enough, unless one of them begins with *. */
function isDay(date: Date, days: string, month: string, weekday: string): boolean {
  if (!has(month, date.getUTCMonth() + 1, 1, 12, months)) return false;
  const isLast = new Date(date.getTime() + 24 * 60 * minute).getUTCDate() === 1;
  const byMonth = days === '$' ? isLast : has(days, date.getUTCDate(), 1, 31);
  const byWeek =
    has(weekday, date.getUTCDay(), 0, 7, weekdays) || (date.getUTCDay() === 0 && has(weekday, 7, 0, 7, weekdays));
  return days.startsWith('*') || weekday.startsWith('*') ? byMonth && byWeek : byMonth || byWeek;
}

function has(field: string, value: number, low: number, high: number, names: readonly string[] = []): boolean {
  return field.split(',').some((item) => {
    const [range = '', step = '1'] = item.split('/');
    const [from = low, to = range === '*' ? high : from] =
      range === '*' ? [low, high] : range.split('-').map((text) => numberOf(text, low, names));
    return value >= from && value <= to && (value - from) % Number(step) === 0;
  });
}

function numberOf(text: string, low: number, names: readonly string[]): number {
  const named = names.indexOf(text.toLowerCase());
  return named === -1 ? Number(text) : named + low;
}
