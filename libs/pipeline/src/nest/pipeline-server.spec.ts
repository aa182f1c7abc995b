import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { SallyportError } from '@sallyport/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InProcessBroker } from '../in-process/in-process-broker.js';
import { PipelineExceptionFilter } from './pipeline-exception.filter.js';
import { PipelineContext, PipelineServer } from './pipeline-server.js';

@Controller()
class DemoController {
  @MessagePattern('double')
  async double(@Payload() value: number, @Ctx() context: PipelineContext) {
    return { value: value * 2, lane: context.lane, aborted: context.signal.aborted, hasTime: context.deadlineAt > Date.now() };
  }

  @MessagePattern('count')
  async *count(@Payload() to: number) {
    for (let i = 0; i < to; i++) yield i;
  }

  @MessagePattern('fail')
  async fail() {
    throw new SallyportError('overloaded', 'full', { retryAfterS: 3 });
  }
}

@Module({ controllers: [DemoController] })
class DemoModule {}

describe('PipelineServer', () => {
  const broker = new InProcessBroker();
  const client = broker.client('guard');
  let close: () => Promise<void>;
  beforeAll(async () => {
    const app = await NestFactory.createMicroservice(DemoModule, { strategy: new PipelineServer({ service: 'guard', broker }), logger: false });
    app.useGlobalFilters(new PipelineExceptionFilter());
    await app.listen();
    close = () => app.close();
  });
  afterAll(() => close());

  it('gives payload and context to a message handler', async () => {
    expect(await client.call('double', 21, { deadlineMs: 1_000, lane: 'batch' })).toEqual({ value: 42, lane: 'batch', aborted: false, hasTime: true });
  });

  it('streams what an async generator yields', async () => {
    const seen: number[] = [];
    for await (const item of client.stream<number>('count', 3, { deadlineMs: 1_000 })) seen.push(item);
    expect(seen).toEqual([0, 1, 2]);
  });

  it('keeps the code of an error', async () => {
    await expect(client.call('fail', null, { deadlineMs: 1_000 })).rejects.toMatchObject({ code: 'overloaded', retryAfterS: 3 });
  });
});
