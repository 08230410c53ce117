/** The version of this package, as it is written into the instance row. */
export const version = '0.1.0';
