import { exposeWorker } from '#lib/base/remote.ts';
import { RegexApi } from './regex-api.ts';

exposeWorker(new RegexApi());
