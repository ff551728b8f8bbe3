//! Words on files of people. Chapter: imports.

use muster_domain::imports::{Compression, FileEncoding, ImportState, RejectReason};

use super::{NOTHING, english};

english! {
    ImportState {
        Waiting: "Starting", "The file has arrived and waits for its turn.", NOTHING;
        Running: "Going on", "The file is being read.", "You may leave this page. It goes on.";
        Succeeded: "Done", "Every row is accounted for.", "Look at the rows that were not taken, if there are any.";
        Failed: "Not imported", "The file as a whole could not be used. The reason is beside it.",
            "Mend the file, and import it again.";
        Cancelled: "Stopped", "An admin stopped it. Rows that were taken stay.",
            "Take it back, if you want none of them.";
    }
    RejectReason {
        QuoteMalformed: "Broken quotes", "There is a stray quotation mark in the row.",
            "Save the file again from your spreadsheet as CSV.";
        QuoteUnclosed: "Quotes never end", "A cell begins with a quotation mark and never ends.",
            "Save the file again from your spreadsheet as CSV.";
        RecordTooLong: "Row too long", "The row is longer than a row of people can be.", "Look at the line in the file.";
        TooManyColumns: "Too many cells", "The row has more cells than the file has columns.",
            "A comma in a cell needs quotation marks around the cell.";
        Encoding: "Unreadable letters", "Some letters of the row cannot be read.", "Save the file as UTF-8.";
        CellTooLong: "Cell too long", "A cell has more letters than there is room for.", "Shorten it.";
        TagTooLong: "Tag too long", "A tag has more than 100 letters.", "Shorten it.";
        AgentTooLong: "Texter's address too long", "The address of the texter is too long.", "Check the column.";
        PhoneMissing: "No phone", "The row has no phone number.", "Add it, and import the row again.";
        PhoneDamaged: "Phone damaged", "A spreadsheet turned the phone number into an amount.",
            "Format the column as text in the spreadsheet, and type the number again.";
        PhoneExtension: "Phone with an extension", "A number with an extension cannot be texted.",
            "Ask the person for a mobile number.";
        PhoneSeveral: "Two phones in one cell", "There is more than one number in the cell.",
            "Keep the one to text.";
        PhoneInvalid: "Not a phone number", "It is no number of the United States or Canada.",
            "Check the number. It has ten digits.";
        GroupFull: "No room in the group", "The group has as many people as it may have.",
            "Use another group, or raise the number in Settings.";
        AgentUnknown: "Unknown texter", "Nobody in the group has the texter's address.",
            "Invite the texter first, or leave the cell blank.";
        AgentFull: "Texter is full", "The texter has as many people as one may have.",
            "Choose another texter, or raise the number in Settings.";
        Redacted: "Erased person", "The person asked to be erased.", NOTHING;
    }
    Compression {
        Gzip: "Packed (gzip)", "The file is packed and is unpacked by itself.", NOTHING;
        Zstd: "Packed (zstd)", "The file is packed and is unpacked by itself.", NOTHING;
        Zip: "Packed (zip)", "The file is packed and is unpacked by itself.", NOTHING;
    }
    FileEncoding {
        Utf8: "UTF-8", "The usual form of letters.", NOTHING;
        Utf16Le: "UTF-16", "A form of letters that some spreadsheets use.", NOTHING;
        Utf16Be: "UTF-16, other order", "A form of letters that few programs use.", NOTHING;
        Windows1252: "Windows letters", "An older form of letters. Check that names with accents look right.", NOTHING;
    }
}
