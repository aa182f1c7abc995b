import { type DynamicModule, Module } from '@nestjs/common';
import { type Backend, BACKENDS } from './backend.js';
import { GeneratorController } from './generator.controller.js';

/** The generator service around its open backends. */
@Module({})
export class GeneratorModule {
  static register(backends: readonly Backend[]): DynamicModule {
    return { module: GeneratorModule, controllers: [GeneratorController], providers: [{ provide: BACKENDS, useValue: backends }] };
  }
}
