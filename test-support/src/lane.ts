/** Who installs and tests: a superuser, or a login with no more than a managed cloud gives. */
export type Lane = 'superuser' | 'nosuperuser';

export function chosenLane(): Lane {
  const lane = process.env.PGRELAY_TEST_LANE ?? 'superuser';
  if (lane === 'superuser' || lane === 'nosuperuser') return lane;
  throw new Error(`PGRELAY_TEST_LANE is "${lane}": use superuser or nosuperuser.`);
}
