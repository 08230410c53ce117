/** What the tests need (prepared transactions, logical decoding, many sessions), and no waiting for a disk. */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  fsync: 'off',
  max_connections: '300',
  max_prepared_transactions: '50',
  wal_level: 'logical',
};
