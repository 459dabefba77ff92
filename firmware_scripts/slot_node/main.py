"""What the board runs when it has power (Raspberry Pi Pico W or ESP32, MicroPython 1.24 or later).

A wrong configuration is said on the serial console, with every fault, until a right one is copied there.
"""

import time

from settings import ConfigError, read_config


def main() -> None:
    """Runs the node of config.json for ever."""
    try:
        config = read_config("config.json")
    except ConfigError as error:
        while True:
            print(f"config.json: {error}")
            time.sleep(5)
    from board import Board
    from link import Link
    from node import Node

    board = Board(config)
    node = Node(config, board, lambda on_message: Link(config, board.feed, on_message))
    while True:
        node.step()
        time.sleep_ms(10)


main()
