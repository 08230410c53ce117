import { useDatabase } from '@pgrelay/test-support';
import { expect, test } from 'vitest';
import { failpoints } from '../../dist/faults/failpoint.js';
import { killCampaign } from '../../dist/faults/kill-campaign.js';
import { complaints, table } from '../../dist/faults/result.js';

const db = useDatabase();

test('try', { timeout: 600_000 }, async () => {
  const t = Date.now();
  const result = await killCampaign({
    url: db.url,
    seed: 1,
    say: console.log,
    fault: 'kill',
    failpoints: failpoints.map((f) => f.name),
    hits: 1,
    victims: 4,
  });
  console.log(Date.now() - t, table(new Map([['kill', result]])).join('\n'));
  expect(complaints(result)).toEqual([]);
});
