// Preloaded into a Processor: its clock is an hour fast, by every way of asking it for the time of day.
const hour = 3_600_000;
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + hour);
    else super(...args);
  }
  static now() {
    return RealDate.now() + hour;
  }
};
