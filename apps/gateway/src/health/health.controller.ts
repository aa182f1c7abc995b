import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { clientToken, SERVICES, type ServiceClient, type ServiceName } from '@sallyport/contracts';
import { PolicyRepository } from '@sallyport/storage';
import type { FastifyReply } from 'fastify';

type Check = 'up' | 'down';
const CHECK_MS = 2_000;

/** Liveness (this process answers) and readiness (everything that a chat turn needs answers). */
@ApiTags('health')
@Controller('health')
export class HealthController {
  private readonly clients: Record<ServiceName, ServiceClient>;

  constructor(
    @Inject(clientToken('guard')) guard: ServiceClient,
    @Inject(clientToken('prompt-guard')) promptGuard: ServiceClient,
    @Inject(clientToken('generator')) generator: ServiceClient,
    @Inject(PolicyRepository) private readonly policies: PolicyRepository,
  ) {
    this.clients = { guard, 'prompt-guard': promptGuard, generator };
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @ApiOperation({ summary: '200 when every service and the database answer, else 503 with what is down' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const services = SERVICES.map(async (name): Promise<[string, Check]> => [name, await within(this.clients[name].available())]);
    const database = within(this.policies.revision().then(() => true));
    const checks = Object.fromEntries([...(await Promise.all(services)), ['database', await database]]);
    const ready = Object.values(checks).every((check) => check === 'up');
    void reply.status(ready ? 200 : 503);
    return { status: ready ? 'ok' : 'unavailable', checks };
  }
}

/** `down` for a false, a failed or a late answer. */
async function within(answer: Promise<boolean>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => { timer = setTimeout(() => resolve(false), CHECK_MS); });
  const up = await Promise.race([answer.catch(() => false), late]);
  clearTimeout(timer);
  return up ? 'up' : 'down';
}
