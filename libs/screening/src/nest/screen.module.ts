import { type DynamicModule, Module } from '@nestjs/common';
import { ClassifierScreen } from '../classifier-screen.js';
import { ScreenController } from './screen.controller.js';

/** A screening service around an open screen. */
@Module({})
export class ScreenModule {
  static register(screen: ClassifierScreen): DynamicModule {
    return { module: ScreenModule, controllers: [ScreenController], providers: [{ provide: ClassifierScreen, useValue: screen }] };
  }
}
