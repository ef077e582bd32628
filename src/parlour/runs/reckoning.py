"""What a cut answer took. Knows no run and no store; how tokens are counted is behind a port."""

from parlour.domain.record import Record, asked
from parlour.domain.usage import Usage, total
from parlour.ports import Ports


async def reckon(record: Record, ports: Ports) -> Usage:
    """The finished calls as counted, the cut one as it can be told from the texts; that is among its calls then."""
    spent = list(record.spent)
    for calling in record.calling:
        call, said = calling.called, [*calling.unsaid, *record.parts[calling.parts :]]
        tokens, price = ports.tokens, await ports.prices.price(call.model)
        took = Usage(
            prompt_tokens=await tokens.count(call.model, call.prompt),
            completion_tokens=await tokens.count(call.model, said),
            price=price,
            latency=ports.now() - call.at,
        )
        spent.append(took)
        record.calls.append(asked(call, took, failed=False))
    return total(spent)
