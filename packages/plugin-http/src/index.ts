export { defaultHttpRequestOptions, type HttpClient, type HttpRequestOptions } from './client/http-client.js';
export { HttpResponse } from './client/http-response.js';
export { http } from './http.js';
export { defaultInboundOptions, type InboundChannel, type InboundOptions } from './inbound/inbound-options.js';
export {
  defaultEndpointOptions,
  defaultHttpOptions,
  type HttpEndpoint,
  type HttpMethod,
  type HttpOptions,
} from './options.js';
export {
  defaultVerifyWebhookOptions,
  type VerifiedWebhook,
  type VerifyWebhookOptions,
  verifyWebhook,
} from './signing/verify-webhook.js';
export { httpSql } from './sql-module.js';
