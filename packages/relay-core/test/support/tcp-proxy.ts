export { TcpProxy } from '@pgrelay/test-support';
