export { sameSpace, spaceKey } from '#lib/base/space.ts';
