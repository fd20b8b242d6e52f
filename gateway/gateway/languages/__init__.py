"""What this package says to callers:
one file a language, from the English sentence or the key of a label to its text.
"""

from pathlib import Path

from service_kit.words.messages import Messages

MESSAGES = Messages([Path(__file__).parent])
