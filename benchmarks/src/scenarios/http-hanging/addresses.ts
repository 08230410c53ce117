/** The address of one endpoint, as sql/http/register-many.sql has it: an origin of its own on this machine. */
export const addressOf = (endpoint: number): string => `127.1.${Math.floor(endpoint / 250)}.${(endpoint % 250) + 1}`;
