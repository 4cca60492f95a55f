"""Approves an order that waits, with Temporal's SDK for Python, and prints what it saw as JSON.

TEMPORAL_ADDRESS=127.0.0.1:7233 python temporal_client.py order-fulfillment-ORD-1
"""

import asyncio
import json
import os
import sys

from temporalio.client import Client


async def main(workflow_id: str) -> None:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    order = client.get_workflow_handle(workflow_id)
    waiting = await order.query("getOrderStatus")
    await order.signal("approveOrder", {"approvedBy": "ada"})
    end = await order.result()
    approval = await order.query("getStepDetails", "manager_approval")
    progress = await order.query("getProgress")
    seen = {"waiting": waiting, "end": end, "approval": approval, "progress": progress}
    print(json.dumps(seen), flush=True)


asyncio.run(main(sys.argv[1]))
# The SDK's threads may outlive the interpreter's end, which then aborts the process:
# https://github.com/temporalio/sdk-python/issues/300
os._exit(0)
