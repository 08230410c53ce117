export { http } from './http.js';
export { defaultInboundOptions, type InboundChannel, type InboundOptions } from './inbound/inbound-options.js';
export { defaultEndpointOptions, type HttpEndpoint, type HttpMethod, type HttpOptions } from './options.js';
export {
  defaultVerifyWebhookOptions,
  type VerifiedWebhook,
  type VerifyWebhookOptions,
  verifyWebhook,
} from './signing/verify-webhook.js';
export { httpSql } from './sql-module.js';
