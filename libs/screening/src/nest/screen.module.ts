import { type DynamicModule, Module } from '@nestjs/common';
import { Screen } from '../screen.js';
import { ScreenController } from './screen.controller.js';

/** A screening service around an open screen. */
@Module({})
export class ScreenModule {
  static register(screen: Screen): DynamicModule {
    return { module: ScreenModule, controllers: [ScreenController], providers: [{ provide: Screen, useValue: screen }] };
  }
}
