//! The names under which common tools export known columns: VAN, Action Network, Hustle, Spoke, spreadsheets and phone books.

use super::Column;

/// What a header means, and how good the name is, from 1; the best name of a file gets the column. `canonical` is the header without
/// case, spaces, underscores and hyphens.
pub fn recognised(canonical: &str) -> Option<(Column, u8)> {
    Some(match canonical {
        "firstname" | "first" | "givenname" | "fname" | "contactfirstname" | "nombre" => (Column::FirstName, 1),
        "lastname" | "last" | "surname" | "familyname" | "lname" | "contactlastname" | "apellido" => {
            (Column::LastName, 1)
        }
        // Clearly a phone that gets texts, then the preferred one, then one of which nothing is said. `HomePhone` and `WorkPhone`
        // are custom fields: most of them are landlines.
        "cell" | "cellphone" | "cellphonenumber" | "cellnumber" | "mobile" | "mobilephone" | "mobilenumber"
        | "mobilephonenumber" | "smsphone" | "smsnumber" | "textphone" => (Column::Phone, 1),
        "prefphone" | "preferredphone" | "preferredphonenumber" => (Column::Phone, 2),
        "phone" | "phonenumber" | "telephone" | "telephonenumber" | "primaryphone" | "contactphone"
        | "contactphonenumber" => (Column::Phone, 3),
        "can2phone" => (Column::Phone, 4),
        "tel" | "number" => (Column::Phone, 5),
        "email" | "emailaddress" | "primaryemail" => (Column::Email, 1),
        "prefemail" | "preferredemail" | "personalemail" => (Column::Email, 2),
        "postalcode" | "zip" | "zipcode" | "ziporpostal" | "postcode" | "can2userzipcode" => (Column::PostalCode, 1),
        "zip5" => (Column::PostalCode, 2),
        "notes" | "note" => (Column::Notes, 1),
        "tags" | "tag" => (Column::Tags, 1),
        "externalid" => (Column::ExternalId, 1),
        "voterfilevanid" => (Column::ExternalId, 2),
        "vanid" | "mycampaignid" | "mycampaignvanid" => (Column::ExternalId, 3),
        "assignedagent" | "assignedagentemail" | "agentemail" | "assignedto" | "assignedtoemail" | "texteremail"
        | "assignedtexter" => (Column::AssignedAgent, 1),
        _ => return None,
    })
}
