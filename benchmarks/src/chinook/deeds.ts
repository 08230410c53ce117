import { type Belongings, below, pick, remove } from './belongings.js';
import type { Transaction } from './transaction.js';

/** One thing that a writer does in a transaction; returns what it knows once that has committed. */
type Deed = (tx: Transaction, own: Belongings, writer: number) => Promise<() => void>;

const nothing = () => undefined;
const GENRES = 25;

const buy: Deed = async (tx, own) => {
  const date = `202${below(6)}-${String(1 + below(12)).padStart(2, '0')}-15`;
  const invoice = await tx.call<number>('new_invoice', own.customer(), date, 1 + below(5));
  return () => void own.invoices.push(invoice);
};

// What is deleted is forgotten at once, since a later deed of the same transaction must not use it; when that transaction
// is rolled back, the row stays and nobody touches it any more.

const changeInvoice: Deed = async (tx, own, writer) => {
  const invoice = pick(own.invoices);
  if (invoice === undefined) return buy(tx, own, writer);
  await tx.call('change_invoice', invoice);
  return nothing;
};

const deleteInvoice: Deed = async (tx, own, writer) => {
  const invoice = pick(own.invoices);
  if (invoice === undefined) return buy(tx, own, writer);
  remove(own.invoices, invoice);
  await tx.call('delete_invoice', invoice);
  return nothing;
};

const newCustomer: Deed = async (tx, own, writer) => {
  const customer = await tx.call<number>('new_customer', writer);
  return () => void own.customers.push(customer);
};

const changeCustomer: Deed = async (tx, own) => {
  await tx.call('change_customer', own.customer());
  return nothing;
};

const deleteCustomer: Deed = async (tx, own, writer) => {
  const customer = pick(own.customers);
  if (customer === undefined) return newCustomer(tx, own, writer);
  remove(own.customers, customer);
  await tx.call('delete_customer', customer);
  return nothing;
};

const newTrack: Deed = async (tx, own) => {
  const track = await tx.call<number>('new_track', 1 + below(GENRES));
  return () => void own.tracks.push(track);
};

const moveTrack: Deed = async (tx, own) => {
  await tx.call('move_track', own.track(), 1 + below(GENRES));
  return nothing;
};

const deleteTrack: Deed = async (tx, own, writer) => {
  const track = pick(own.tracks);
  if (track === undefined) return newTrack(tx, own, writer);
  remove(own.tracks, track);
  await tx.call('delete_track', track);
  return nothing;
};

const renameGenre: Deed = async (tx, own) => {
  await tx.call('rename_genre', own.genre());
  return nothing;
};

/** Weights in percent; the deeds on playlists are apart, since TRUNCATE wants their table alone. */
const deeds: readonly (readonly [number, Deed])[] = [
  [38, buy],
  [14, changeInvoice],
  [10, deleteInvoice],
  [7, newCustomer],
  [10, changeCustomer],
  [4, deleteCustomer],
  [4, newTrack],
  [9, moveTrack],
  [4, renameGenre],
];

export const anyDeed: Deed = (tx, own, writer) => {
  let dice = below(100);
  for (const [weight, deed] of deeds) {
    if (dice < weight) return deed(tx, own, writer);
    dice -= weight;
  }
  return buy(tx, own, writer);
};

/** Makes a list, puts tracks on it, takes some off, or deletes a track, which looks for it on the lists. */
export const playlistDeed: Deed = async (tx, own, writer) => {
  const playlist = pick(own.playlists);
  if (playlist === undefined || own.playlists.length < 5) {
    const made = await tx.call<number>('new_playlist', writer);
    await tx.call('fill_playlist', made, 20);
    return () => void own.playlists.push(made);
  }
  const dice = Math.random();
  if (dice < 0.15) return deleteTrack(tx, own, writer);
  if (dice < 0.5) await tx.call('thin_playlist', playlist);
  else await tx.call('fill_playlist', playlist, 10);
  return nothing;
};
